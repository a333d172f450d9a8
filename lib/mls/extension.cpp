// SPDX-License-Identifier: Apache-2.0
#include "lib/mls/extension.hpp"

namespace godwit::mls {

const Bytes* find_extension(const Extensions& extensions, ExtensionType type) noexcept
{
    for (const Extension& extension : extensions)
        if (extension.extension_type == type) return &extension.extension_data;
    return nullptr;
}

MlsError check_no_duplicates(const Extensions& extensions)
{
    // At most list_items_max<Extension> entries, so the square is small.
    for (std::size_t i = 0; i < extensions.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (extensions[i].extension_type == extensions[j].extension_type) return MlsError::duplicate_extension;
    return MlsError::none;
}

std::uint16_t random_grease(port::Entropy& entropy)
{
    const auto nibble = static_cast<unsigned>(entropy.next_u64() % 15);
    return static_cast<std::uint16_t>(nibble * 0x1010u + 0x0a0au);
}

} // namespace godwit::mls
