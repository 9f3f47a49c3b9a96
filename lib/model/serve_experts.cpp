// Passes of a rank without rows: its experts work for the other ranks.
#include "model/language_model.hpp"
#include "model/layer_cache.hpp"
#include "model/pass_masks.hpp"

namespace moelm {

void model_serve_forward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                         const PassOptions& options, ModelCache& cache) {
  const PassMasks masks(config, Sequence(), options);
  cache.layers.resize(parameters.layers.size());
  for (std::size_t l = 0; l < parameters.layers.size(); ++l) {
    const auto* p = std::get_if<MoeParameters>(&parameters.layers[l]);
    if (p == nullptr) continue;
    MoeCache& moe = ensure_cache<MoeLayerCache>(cache.layers[l]).moe;
    moe.experts.packing = packing_of(cache, p->elements());
    moe.masks = masks.moe(l);
    moe_serve_forward(context, std::get<MoeConfig>(config.layers[l]), *p, moe);
  }
}

void model_serve_backward(Context& context, const ModelConfig& config, const ModelParameters& parameters,
                          ModelCache& cache, const LayerDone& done) {
  for (std::size_t l = parameters.layers.size(); l-- > 0;) {
    if (const auto* p = std::get_if<MoeParameters>(&parameters.layers[l]))
      moe_serve_backward(context, std::get<MoeConfig>(config.layers[l]), *p,
                         std::get<MoeLayerCache>(cache.layers[l]).moe);
    done(l);
  }
}

}  // namespace moelm
