// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/notices.hpp"

#include "lib/conversation/shared.hpp"
#include "lib/identity/notice.hpp"
#include "lib/wire/names.hpp"

#include <limits>

namespace godwit::engine {

namespace shared = conversation::shared;

bool Notices::take(BytesView encoded, const port::StoredIdentity& identity, WallMs relay_ms, Moment now)
{
    const auto relay = wire::parse_relay_address(identity.relay);
    if (!relay) return false;
    auto notice = identity::verify_notice(encoded, relay->key, identity.account_key);
    if (!notice) {
        context_.reject("a notice that is none: " + notice.error().detail);
        return false;
    }
    if (notice->expires_ms <= relay_ms) {
        context_.reject("a notice that is over");
        return false;
    }
    const auto known = context_.store.notice(notice->id);
    if (known && (known->withdrawn || !notice->withdrawn)) return true;
    const port::StoredNotice row{notice->id, notice->created_ms, now.wall_ms, notice->withdrawn, to_bytes(encoded)};
    context_.store.put_notice(row);
    context_.store.forget_notices(request::notices_kept_max);
    if (notice->withdrawn) {
        if (known) context_.event(event::NoticeWithdrawn{notice->id});
    } else if (auto what = shown(row, read_up_to_ms())) {
        context_.event(event::NoticeReceived{*std::move(what)});
    }
    return true;
}

void Notices::ask(RequestId id, const request::Notices& wanted)
{
    if (wanted.limit < 1 || wanted.limit > request::notices_kept_max)
        return context_.refuse(
            id, {ErrorCode::invalid_argument, "limit: 1 to " + std::to_string(request::notices_kept_max), 0});
    auto before_ms = std::numeric_limits<std::int64_t>::max();
    if (wanted.before) {
        const auto row = context_.store.notice(*wanted.before);
        if (!row) return context_.refuse(id, {ErrorCode::invalid_argument, "before: there is no such notice", 0});
        before_ms = row->created_ms;
    }
    std::vector<Notice> out;
    const auto up_to_ms = read_up_to_ms();
    for (const auto& row : context_.store.notices(before_ms, wanted.limit))
        if (auto notice = shown(row, up_to_ms)) out.push_back(*std::move(notice));
    context_.reply(id, std::move(out));
}

void Notices::ask(RequestId id, const request::MarkNoticesRead& read, Moment)
{
    std::optional<port::StoredNotice> row;
    if (read.up_to) {
        row = context_.store.notice(*read.up_to);
        if (!row) return context_.refuse(id, {ErrorCode::invalid_argument, "up_to: there is no such notice", 0});
    } else if (auto newest = context_.store.notices(std::numeric_limits<std::int64_t>::max(), 1); !newest.empty()) {
        row = std::move(newest.front());
    }
    if (row && row->created_ms > read_up_to_ms())
        chats_.share_at(std::string(shared::account_notices_read), row->created_ms, shared::number(row->created_ms));
    context_.reply_ok(id);
}

void Notices::mark_changed()
{
    const auto up_to_ms = read_up_to_ms();
    if (up_to_ms == std::numeric_limits<std::int64_t>::max()) return;
    const auto newest = context_.store.notices(up_to_ms + 1, 1);
    if (!newest.empty()) context_.event(event::NoticesRead{newest.front().id});
}

std::int64_t Notices::read_up_to_ms()
{
    const auto known = context_.store.register_named(shared::account_notices_read);
    return known ? shared::read_number(known->value).value_or(0) : 0;
}

std::optional<Notice> Notices::shown(const port::StoredNotice& row, std::int64_t read_up_to_ms) const
{
    auto notice = wire::decode_notice(row.encoded);
    if (!notice) return std::nullopt;
    Notice out;
    out.id = notice->id;
    out.kind = notice->kind;
    out.to_all = notice->account.is_zero();
    out.title = std::move(notice->title);
    out.text = std::move(notice->text);
    out.link = std::move(notice->link);
    out.created_ms = notice->created_ms;
    out.expires_ms = notice->expires_ms;
    out.received_ms = row.received_ms;
    out.read = notice->created_ms <= read_up_to_ms;
    return out;
}

} // namespace godwit::engine
