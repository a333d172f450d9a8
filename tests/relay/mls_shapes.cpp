// SPDX-License-Identifier: Apache-2.0
#include "tests/relay/mls_shapes.hpp"

#include <algorithm>

namespace godwit::relay::test {
namespace {

/// RFC 9420 section 2.1, on its own: lib/mls would prove nothing about what strangers send.
class Tls {
public:
    Tls& integer(std::uint64_t value, int size_bytes)
    {
        for (int i = size_bytes; i-- > 0;)
            out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        return *this;
    }
    Tls& opaque(BytesView bytes)
    {
        const auto n = bytes.size();
        if (n < 64)
            integer(n, 1);
        else if (n < 16'384)
            integer(n | 0x4000U, 2);
        else
            integer(n | 0x8000'0000U, 4);
        out.insert(out.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Bytes out;
};

Tls message(wire::MlsFormat format)
{
    return Tls().integer(1, 2).integer(static_cast<std::uint64_t>(format), 2);
}

Tls framed(wire::MlsFormat format, const wire::GroupName& group, std::uint64_t epoch)
{
    return message(format).opaque(wire::encode_group_id(group.conversation, group.incarnation)).integer(epoch, 8);
}

} // namespace

Bytes commit_bytes(const wire::GroupName& group, std::uint64_t epoch, const MessageId& envelope, std::uint8_t filler,
                   std::size_t filler_bytes, BytesView rules)
{
    return framed(wire::MlsFormat::private_message, group, epoch)
        .integer(3, 1) // commit
        .opaque(wire::bind(wire::commit_purpose, envelope, {}, rules))
        .opaque(Bytes(28, 0x5d))
        .opaque(Bytes(filler_bytes, filler))
        .out;
}

Bytes message_bytes(const wire::GroupName& group, std::uint64_t epoch, const MessageId& envelope, std::uint8_t purpose)
{
    return framed(wire::MlsFormat::private_message, group, epoch)
        .integer(1, 1) // application
        .opaque(wire::bind(purpose, envelope))
        .opaque(Bytes(28, 0x5d))
        .opaque(Bytes(60, 1))
        .out;
}

Bytes commit_of_size(std::size_t size_bytes, const wire::GroupName& group, std::uint64_t epoch,
                     const MessageId& envelope, BytesView rules)
{
    for (std::size_t filler = 1; filler < size_bytes; ++filler) {
        if (filler == 1 && size_bytes > 1'000) filler = size_bytes - 200;
        auto out = commit_bytes(group, epoch, envelope, 1, filler, rules);
        if (out.size() == size_bytes) return out;
    }
    return {};
}

Bytes external_commit_bytes(const wire::GroupName& group, std::uint64_t epoch, const MessageId& envelope,
                            const DeviceId& device, bool removes, BytesView rules)
{
    Tls proposals;
    proposals.integer(1, 1).integer(6, 2).opaque(Bytes(32, 0xe1));
    if (removes) proposals.integer(1, 1).integer(3, 2).integer(1, 4);
    auto out = framed(wire::MlsFormat::public_message, group, epoch);
    out.integer(4, 1) // new_member_commit
        .opaque(wire::bind(wire::commit_purpose, envelope, {}, rules))
        .integer(3, 1) // commit
        .opaque(proposals.out)
        .integer(1, 1) // with a path
        .opaque(Bytes(32, 0xec))
        .opaque(device.bytes)
        .integer(1, 2) // a basic credential
        .opaque(Bytes(100, 0xcc));
    for (int i = 0; i < 5; ++i)
        out.opaque({});
    return out
        .integer(3, 1) // source: commit
        .opaque(Bytes(32, 0xfa))
        .opaque({})
        .opaque(Bytes(64, 0x51))
        .opaque(Bytes(70, 0x0d))
        .opaque(Bytes(64, 0x51))
        .opaque(Bytes(32, 0xc0))
        .out;
}

Bytes welcome_bytes(std::size_t newcomers, std::size_t filler_bytes)
{
    Tls secrets;
    for (std::size_t i = 0; i < newcomers; ++i)
        secrets.opaque(Bytes(32, static_cast<std::uint8_t>(i))).opaque(Bytes(32, 0x3e)).opaque(Bytes(40, 0x3e));
    return message(wire::MlsFormat::welcome).integer(3, 2).opaque(secrets.out).opaque(Bytes(filler_bytes, 0x3e)).out;
}

Bytes policy_extensions(PolicyShape policy)
{
    std::sort(policy.members.begin(), policy.members.end(),
              [](const auto& a, const auto& b) { return a.account_key < b.account_key; });
    Tls keys, rows, form;
    for (const auto& one : policy.members) {
        for (const auto octet : one.account_key.bytes)
            keys.integer(octet, 1);
        rows.opaque(as_bytes(one.user)).integer(one.role, 1).integer(0, 8);
    }
    form.integer(1, 1).integer(policy.kind, 1).integer(policy.invite, 1).integer(0, 1).integer(policy.flags, 1);
    form.integer(0, 8).opaque(policy.profile).opaque(rows.out);
    return Tls().integer(0xf0d1, 2).opaque(Tls().opaque(keys.out).out).integer(0xf0d2, 2).opaque(form.out).out;
}

Bytes group_info_bytes(const wire::GroupName& group, std::uint64_t epoch, std::uint8_t filler, std::size_t tree_bytes,
                       BytesView context_extensions)
{
    Tls extensions;
    extensions.integer(2, 2).opaque(Bytes(tree_bytes, filler)).integer(4, 2).opaque(Bytes(33, 0xe0));
    return message(wire::MlsFormat::group_info)
        .integer(1, 2)
        .integer(3, 2)
        .opaque(wire::encode_group_id(group.conversation, group.incarnation))
        .integer(epoch, 8)
        .opaque(Bytes(32, 0x7e))
        .opaque(Bytes(32, 0x7c))
        .opaque(context_extensions)
        .opaque(extensions.out)
        .opaque(Bytes(32, 0xc0))
        .integer(0, 4)
        .opaque(Bytes(64, 0x51))
        .out;
}

} // namespace godwit::relay::test
