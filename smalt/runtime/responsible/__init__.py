"""What a model is like: its errors, reasons, fairness, alternatives and effects, as steps of a pipeline.

Runs in the environment `responsibleai-tabular`, never in the server. What the steps hand on has the layout of the
Responsible AI toolbox, so that its readers find what they look for.
"""
