"""The questions in the order of the page, each with threads that ask it. (The last is this project's own.)"""

from typing import Final

THREADS: Final[dict[str, tuple[str, ...]]] = {
    "validation_below": ("https://stats.stackexchange.com/questions/178371",),
    "scale_at_test": ("https://stackoverflow.com/questions/57193633", "https://github.com/karpathy/convnetjs/pull/61"),
    "drop_or_keep": ("https://datascience.stackexchange.com/questions/37835",),
    "another_answer": ("https://github.com/huggingface/transformers/issues/2627",),
    "functional_dropout": ("https://discuss.pytorch.org/t/21958",),
    "mask_per_example": ("https://stats.stackexchange.com/questions/335690",),
    "dropped_updated": ("https://community.deeplearning.ai/t/26375",),
    "before_activation": ("https://stats.stackexchange.com/questions/240305",),
    "batch_norm": ("https://stackoverflow.com/questions/39691902",),
    "smaller_network": ("https://ai.stackexchange.com/questions/17044",),
    "knows_not": ("https://www.reddit.com/r/MLQuestions/comments/1nskf4e/",),
    "empty_row": ("https://github.com/karpathy/ng-video-lecture/issues/30",),
    "channels": ("https://discuss.pytorch.org/t/108192",),
    "hurts_small": ("https://stats.stackexchange.com/questions/299292",),
    "top_k_50": ("https://github.com/huggingface/transformers/issues/38549",),
    "temperature_ignored": ("https://github.com/huggingface/transformers/issues/2696",),
    "temperature_zero": ("https://github.com/karpathy/nanoGPT/issues/738",),
    "temperature_order": ("https://github.com/ggml-org/llama.cpp/issues/4091",),
    "which_cut": ("https://github.com/huggingface/transformers/issues/27670",),
    "why_dropout": (),
}
