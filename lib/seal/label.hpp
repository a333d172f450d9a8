// SPDX-License-Identifier: Apache-2.0
// Private to seal: group ids, and the authenticated data of what is sealed. Their bytes are lib/wire's, because the
// relay reads them too (wire/mls_outline.hpp).
#pragma once

#include "lib/seal/groups.hpp"
#include "lib/wire/mls_outline.hpp"

namespace godwit::seal {

using wire::bind;
using wire::commit_purpose;
using wire::encode_group_id;
using wire::GroupName;
using wire::parse_group_id;

} // namespace godwit::seal
