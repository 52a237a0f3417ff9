"""How nouns are spelled: YAML files, the ARM wire, references (`azureml:..`) and expressions (`${{..}}`)."""
