"""S5 for decoders: adapters, full fine-tuning, distillation, preferences; on transformers, peft and trl."""
