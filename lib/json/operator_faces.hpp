// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: reports to the operator of the relay, and the operator's directory.
#pragma once

#include "lib/json/content.hpp"

namespace godwit::json {

[[nodiscard]] Request read_report(Fields& in);
[[nodiscard]] Request read_directory(Fields& in);
/// Its members, behind those that are there.
void put_page(Ordered& out, const DirectoryPage& page);

} // namespace godwit::json
