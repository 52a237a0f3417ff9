/** Jobs: how they are submitted again, compared and looked into. */
export const jobs = {
  "Duration in seconds": "所要時間 (秒)",
  High: "高",
  "Job tier": "ジョブ レベル",
  Low: "低",
  Medium: "中",
  Priority: "優先順位",
  Rerun: "再実行",
  Tag: "タグ",
  "Who comes first where more jobs wait than there are places.":
    "空きより多くのジョブが待っているとき、どれが先に始まるかを決めます。",
} as const;
