/** Computes, tags, and drafts of pipelines that many people work on. */
export const making = {
  "A cluster": "クラスター",
  "A deployment then names nothing but this environment.": "デプロイでは、この環境だけを指定すれば済むようになります。",
  Pack: "パッケージ化",
  "Pack the model with its software": "モデルをソフトウェアとともにパッケージ化",
  "Packed as {name}.": "{name} としてパッケージ化しました。",
  "Packed model": "パッケージ化されたモデル",
  "A compute instance": "コンピューティング インスタンス",
  "A name with a state for the machine of the server: notebooks and jobs run there while it is started.":
    "サーバーのマシンに付ける、状態を持つ名前です。起動している間、ノートブックとジョブがそこで実行されます。",
  "A step between them is not among them: choose it as well.":
    "間にあるステップが選ばれていません。それも選んでください。",
  "A step that runs first or last of all cannot be grouped.":
    "最初または最後に実行されるステップはグループ化できません。",
  "A step that writes to a place of its own cannot be grouped.":
    "出力先を自分で指定しているステップはグループ化できません。",
  "Branches and loops, and the steps that they decide about, cannot be grouped.":
    "分岐とループ、およびそれらが制御するステップはグループ化できません。",
  Dedicated: "専用",
  "Drafts of the workspace": "ワークスペースの下書き",
  "Everybody in the workspace sees this draft.": "この下書きはワークスペースの全員が見られます。",
  "From 15 minutes to 3 days; nothing for never.": "15 分から 3 日まで。空欄なら停止しません。",
  "Make a group": "グループ化",
  "Group steps": "ステップをグループ化",
  "Group steps into a pipeline of their own": "ステップを 1 つのサブパイプラインにまとめる",
  "It is removed for everybody. Whoever has it open keeps their own.":
    "全員から削除されます。開いている人の手元のものは残ります。",
  "Kept as it is written: the machine is the one of the server.":
    "書かれたまま保存されます。実際のマシンはサーバーのものです。",
  "Least nodes": "最小ノード数",
  "Low priority": "低優先度",
  "Minutes idle before it stops": "停止までのアイドル時間 (分)",
  "Most nodes": "最大ノード数",
  "Name of the administrator": "管理者の名前",
  "Nobody has saved a draft for all. Open one and choose Save for all.":
    "全員向けに保存された下書きはありません。下書きを開いて「全員に保存」を選んでください。",
  "Public SSH key": "SSH 公開キー",
  Remove: "削除",
  "Save for all": "全員に保存",
  "Save it again": "もう一度保存",
  "Seconds idle before nodes go": "ノードが縮小されるまでのアイドル時間 (秒)",
  "Somebody else has saved this draft while you change it. Nothing was overwritten.":
    "編集中に他の人がこの下書きを保存しました。上書きはされていません。",
  "Somebody has removed this draft from the workspace. It is still here.":
    "この下書きはワークスペースから削除されました。ここにはまだ残っています。",
  "SSH is asked for (kept; this machine opens none)": "SSH を求める (保存のみ。このマシンは開きません)",
  Steps: "ステップ",
  "Tags of {count} jobs": "{count} 件のジョブのタグ",
  "Tags of {name}": "{name} のタグ",
  "There cannot be fewer than the least.": "最小数より少なくはできません。",
  "This file holds no draft.": "このファイルは下書きではありません。",
  Tier: "優先度",
} as const;
