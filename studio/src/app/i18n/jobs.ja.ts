/** Jobs: how they are submitted again, compared and looked into; what follows from them. */
export const jobs = {
  "Bring in data": "データを取り込む",
  "Compare the latest {count} runs of {name}": "{name} の最新の実行 {count} 件を比較",
  "Compose a pipeline": "パイプラインを組み立てる",
  "Deploy {name}": "{name} をデプロイ",
  "Duration in seconds": "所要時間 (秒)",
  High: "高",
  "Job tier": "ジョブ レベル",
  "Last lines of the log": "ログの最後の行",
  Low: "低",
  "Make a flow of the gallery": "ギャラリーからフローを作る",
  Medium: "中",
  Priority: "優先順位",
  Rerun: "再実行",
  "Show it to everybody in this workspace": "このワークスペースの全員に表示する",
  Tag: "タグ",
  "Replace this view": "このビューを置き換える",
  "Delete it for everybody?": "全員のビューから削除しますか?",
  "Write in a notebook": "ノートブックに書く",
  "Who comes first where more jobs wait than there are places.":
    "空きより多くのジョブが待っているとき、どれが先に始まるかを決めます。",
  "shared by {name}": "{name} が共有",
} as const;
