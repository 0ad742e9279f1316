"""S5 for decoders: adapters and full fine-tuning, distillation and preferences, on transformers, peft and trl."""
