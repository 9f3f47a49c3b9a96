#include "options/key_guess.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/nearest.hpp"

namespace moelm {

namespace {

/// Names of our keys in other programs.
constexpr std::pair<std::string_view, std::string_view> kMeanings[] = {
    {"learning_rate", "train.lr"},
    {"max_lr", "train.lr"},
    {"peak_lr", "train.lr"},
    {"lr_schedule", "train.schedule"},
    {"lr_scheduler", "train.schedule"},
    {"lr_scheduler_type", "train.schedule"},
    {"warmup_steps", "train.warmup"},
    {"warmup_iters", "train.warmup"},
    {"batch_size", "train.batch"},
    {"streams", "train.batch"},
    {"train_batch_size", "train.batch"},
    {"bptt", "train.unroll"},
    {"seq_len", "train.unroll"},
    {"sequence_length", "train.unroll"},
    {"context_length", "train.unroll"},
    {"block_size", "train.unroll"},
    {"max_tokens", "train.batch_tokens"},
    {"micro_batch", "train.micro_batch_tokens"},
    {"micro_batch_size", "train.micro_batch_tokens"},
    {"gradient_accumulation", "train.micro_batch_tokens"},
    {"gradient_accumulation_steps", "train.micro_batch_tokens"},
    {"clip_norm", "train.clip"},
    {"grad_clip", "train.clip"},
    {"max_grad_norm", "train.clip"},
    {"gradient_clipping", "train.clip"},
    {"max_steps", "train.steps"},
    {"num_steps", "train.steps"},
    {"max_iters", "train.steps"},
    {"iterations", "train.steps"},
    {"num_epochs", "train.epochs"},
    {"num_train_epochs", "train.epochs"},
    {"passes", "train.epochs"},
    {"random_seed", "train.seed"},
    {"precision", "train.dtype"},
    {"data_type", "train.dtype"},
    {"save_every", "train.checkpoint_every"},
    {"save_steps", "train.checkpoint_every"},
    {"save_interval", "train.checkpoint_every"},
    {"checkpoint_interval", "train.checkpoint_every"},
    {"eval_every", "train.validate_every"},
    {"eval_steps", "train.validate_every"},
    {"eval_interval", "train.validate_every"},
    {"early_stopping", "train.patience"},
    {"early_stopping_patience", "train.patience"},
    {"save_total_limit", "train.keep"},
    {"log_interval", "train.log_every"},
    {"logging_steps", "train.log_every"},
    {"drop", "model.dropout"},
    {"dropout_rate", "model.dropout"},
    {"dropout_prob", "model.dropout"},
    {"d_model", "model.width"},
    {"dim", "model.width"},
    {"embedding_size", "model.width"},
    {"embed_dim", "model.width"},
    {"hidden_dim", "model.width"},
    {"hidden_size", "model.width"},
    {"n_embd", "model.width"},
    {"n_layers", "model.layers"},
    {"num_layers", "model.layers"},
    {"n_experts", "moe.experts"},
    {"num_experts", "moe.experts"},
    {"num_local_experts", "moe.experts"},
    {"top_k", "moe.k"},
    {"topk", "moe.k"},
    {"num_experts_per_tok", "moe.k"},
    {"d_ff", "moe.hidden"},
    {"expert_size", "moe.hidden"},
    {"ffn_dim", "moe.hidden"},
    {"intermediate_size", "moe.hidden"},
    {"gate_type", "moe.gate"},
    {"router", "moe.gate"},
    {"aux_loss", "moe.w_importance"},
    {"aux_loss_coef", "moe.w_importance"},
    {"balance_loss", "moe.w_importance"},
    {"router_aux_loss_coef", "moe.w_importance"},
    {"importance_loss", "moe.w_importance"},
    {"load_loss", "moe.w_load"},
    {"z_loss", "moe.w_z"},
    {"router_z_loss_coef", "moe.w_z"},
    {"adam_beta1", "optimizer.default.beta1"},
    {"adam_beta2", "optimizer.default.beta2"},
    {"adam_epsilon", "optimizer.default.epsilon"},
    {"eps", "optimizer.default.epsilon"},
    {"momentum", "optimizer.default.beta1"},
    {"optimizer", "optimizer.default.kind"},
};

/// Lower case, underscores, the part after the last dot.
std::string plain(std::string_view word) {
  std::string text(word.substr(word.rfind('.') + 1));
  for (char& c : text) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Of keys with the same last part, moe.KEY is preferred to single layers and `default` to other groups.
bool is_preferred(const std::string& key) {
  return !key.starts_with("model.layers.") && (!key.starts_with("optimizer.") || key.starts_with("optimizer.default."));
}

}  // namespace

std::string key_meant(std::string_view word, const std::vector<std::string>& known) {
  const std::string name = plain(word);
  const auto is_known = [&](std::string_view key) { return std::find(known.begin(), known.end(), key) != known.end(); };
  if (name.empty()) return "";
  for (const std::string& key : known)
    if (key.ends_with("." + name) && is_preferred(key)) return key;
  for (const auto& [meaning, key] : kMeanings)
    if (meaning == name && is_known(key)) return std::string(key);
  return "";
}

std::string key_guess(std::string_view word, const std::vector<std::string>& known) {
  // The layer is meant as typed: model.layers.2.expert is misspelled.
  const std::string meant = word.starts_with("model.layers.") ? "" : key_meant(word, known);
  return meant.empty() ? nearest(word, known) : meant;
}

}  // namespace moelm
