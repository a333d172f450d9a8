// SPDX-License-Identifier: Apache-2.0
// How large and how many pictures a rate pays for. Pure.
#pragma once

namespace godwit::pipeline {

struct Rung {
    int width = 0, height = 0, fps = 0;
    friend bool operator==(const Rung&, const Rung&) = default;
};

/// For pictures that come as `source`, at `bps`. `now`: what is sent at present (width 0: nothing yet); another size
/// must be clearly worth it, or the picture would change its size with every breath of the path. Even sides, not larger
/// than the source. `screen`: fewer pictures before smaller ones.
[[nodiscard]] Rung climb(const Rung& source, const Rung& now, double bps, bool screen = false) noexcept;

} // namespace godwit::pipeline
