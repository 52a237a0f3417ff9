"""Describes one species at a time: a mini-batch is the DataFrame of all rows that share the key."""


def run(mini_batch, mini_batch_context):
    species = mini_batch_context.partition_key_value["species"]
    means = mini_batch.drop(columns="species").mean().round(3)
    return [f"{species},{len(mini_batch)}," + ",".join(str(mean) for mean in means)]
