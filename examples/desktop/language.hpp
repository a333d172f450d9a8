// SPDX-License-Identifier: Apache-2.0
// The language of the windows, changed while they are open. The texts in the sources are English.
#pragma once

#include <QString>

namespace language {

/// "en" or "zh_CN"; anything else: what the system speaks.
void choose(const QString& name);
[[nodiscard]] QString chosen();

} // namespace language
