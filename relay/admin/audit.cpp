// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/audit.hpp"

#include "lib/base/bytes.hpp"
#include "lib/crypto/hash.hpp"

#include <charconv>

namespace godwit::relay::admin {
namespace {

constexpr std::string_view context = "godwit relay audit 1";
constexpr std::string_view cut_mark = "…";

std::array<std::uint8_t, 8> le64(std::uint64_t number)
{
    std::array<std::uint8_t, 8> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return out;
}

std::string bounded(std::string_view text, std::size_t bytes_max)
{
    if (text.size() <= bytes_max) return std::string(text);
    auto end = bytes_max - cut_mark.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end; // not within a character
    return std::string(text.substr(0, end)) + std::string(cut_mark);
}

Error broken(const AuditRecord& record, const std::string& what)
{
    return {ErrorCode::authentication_failed, "record " + std::to_string(record.sequence) + ": " + what, 0};
}

} // namespace

AuditLink link_of(const AuditLink& before, const AuditRecord& record)
{
    const auto sequence = le64(record.sequence);
    const auto at = le64(static_cast<std::uint64_t>(record.at_ms));
    const std::array<std::uint8_t, 1> role{record.role};
    AuditLink out;
    out.bytes =
        crypto::transcript_hash(context, {before.view(), sequence, at, as_bytes(record.actor), role,
                                          as_bytes(record.verb), as_bytes(record.target), as_bytes(record.detail)});
    return out;
}

std::string Checkpoint::text() const
{
    return std::to_string(sequence) + ":" + to_hex(link.view());
}

std::optional<Checkpoint> Checkpoint::parse(std::string_view text)
{
    Checkpoint out;
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto* const end = text.data() + colon;
    const auto [stop, wrong] = std::from_chars(text.data(), end, out.sequence);
    const auto bytes = from_hex(text.substr(colon + 1));
    const auto link = bytes ? AuditLink::from(*bytes) : std::nullopt;
    if (wrong != std::errc() || stop != end || !link) return std::nullopt;
    out.link = *link;
    return out;
}

Result<void> AuditChain::take(const AuditRecord& record)
{
    if (error_) return *error_;
    const auto expected = at_.sequence + 1;
    if (record.sequence != expected)
        error_ = broken(record, "expected record " + std::to_string(expected) + ": " +
                                    (record.sequence > expected ? "what was between is gone" : "it is here twice"));
    else if (link_of(at_.link, record) != record.link)
        error_ =
            broken(record, "its link does not fit: this record was changed, or one before it was put in its place");
    if (error_) return *error_;
    at_ = {record.sequence, record.link};
    if (known_ && known_->sequence == at_.sequence && known_->link != at_.link)
        error_ = broken(record, "it is not the one that the checkpoint knows: the log was written anew");
    if (error_) return *error_;
    return {};
}

Result<Checkpoint> AuditChain::finish(std::uint64_t newest_ever) const
{
    if (error_) return *error_;
    const auto least = std::max(newest_ever, known_ ? known_->sequence : 0);
    if (at_.sequence < least)
        return Error{ErrorCode::authentication_failed,
                     "the log ends at record " + std::to_string(at_.sequence) + " and there was a record " +
                         std::to_string(least) + ": its end was cut off, or an older copy was put back",
                     0};
    return at_;
}

void Audit::record(const Caller& caller, Verb verb, std::string_view target, std::string_view detail, WallMs now_ms)
{
    const auto before = table_.newest();
    AuditRecord out;
    out.sequence = before ? before->sequence + 1 : 1;
    out.at_ms = now_ms;
    out.actor = caller.name;
    out.role = static_cast<std::uint8_t>(caller.role);
    out.verb = verb_name(verb);
    out.target = bounded(target, audit_target_bytes_max);
    out.detail = bounded(detail, audit_detail_bytes_max);
    out.link = link_of(before ? before->link : AuditLink{}, out);
    table_.add(out);
}

} // namespace godwit::relay::admin
