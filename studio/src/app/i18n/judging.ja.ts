/** How models fare: charts that runs log, and evaluations of the catalog. */
export const judging = {
  "A data asset: a file with one JSON object a line, which holds what is right as well.":
    "データ資産: 1 行に 1 つの JSON オブジェクトがあり、正解も含むファイルです。",
  "Answers of chat-completion and text-generation are measured here; this model does neither.":
    "ここで評価できるのは chat-completion と text-generation の回答です。このモデルはどちらも行いません。",
  "As shares of a row": "行に対する割合",
  "Column with the text": "テキストの列",
  "Column with what is right": "正解の列",
  "Confusion matrix": "混同行列",
  "Each line is answered the likeliest way; exact match, F1 and ROUGE-L stand in the run of the last step.":
    "各行に最も確率の高い回答をします。完全一致、F1、ROUGE-L は最後のステップの実行に記録されます。",
  "False positive rate": "偽陽性率",
  Ideal: "理想",
  "Its run has logged no charts.": "この実行はグラフを記録していません。",
  "Lines to answer": "回答させる行",
  "Mean prediction": "予測の平均",
  "No model is finished yet.": "完了したモデルはまだありません。",
  "One deviation above": "標準偏差 1 つ分上",
  "One deviation below": "標準偏差 1 つ分下",
  "Only where the last message is not the assistant's.": "最後のメッセージがアシスタントのものでない場合だけ必要です。",
  Precision: "適合率",
  "Precision and recall": "適合率と再現率",
  "Predicted and true values": "予測値と実際の値",
  "Predicted less true": "予測値 − 実際の値",
  "Predicted value": "予測値",
  Recall: "再現率",
  Residuals: "残差",
  "ROC curve": "ROC 曲線",
  Rows: "行数",
  "The best one, with the test data": "最良のモデル (テスト データ)",
  "Tokens of an answer at most": "回答の最大トークン数",
  "True \\ predicted": "実際 \\ 予測",
  "True positive rate": "真陽性率",
  "True value": "実際の値",
  "{tasks} is not trained here: chat-completion and text-generation are.":
    "{tasks} の学習はここではできません。学習できるのは chat-completion と text-generation です。",
} as const;
