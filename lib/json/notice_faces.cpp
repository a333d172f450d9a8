// SPDX-License-Identifier: Apache-2.0
#include "lib/json/notice_faces.hpp"

#include "lib/base/bytes.hpp"

namespace godwit::json {
namespace {

std::optional<NoticeId> read_id(Fields& in, const char* name)
{
    if (!in.has(name)) return std::nullopt;
    return in.fixed<NoticeId>(name, "a notice: 32 hexadecimal digits");
}

} // namespace

Request read_notices(Fields& in)
{
    request::Notices out;
    out.limit = static_cast<std::uint32_t>(in.integer("limit", 1, request::notices_kept_max, out.limit));
    out.before = read_id(in, "before");
    return out;
}

Request read_notices_read(Fields& in)
{
    return request::MarkNoticesRead{read_id(in, "up_to")};
}

void put_notice(nlohmann::ordered_json& out, const Notice& notice)
{
    out["notice"] = to_hex(notice.id.view());
    out["kind"] = notice_kind_name(notice.kind);
    out["to_all"] = notice.to_all;
    out["title"] = notice.title;
    out["text"] = notice.text;
    out["link"] = notice.link;
    out["created_ms"] = notice.created_ms;
    out["expires_ms"] = notice.expires_ms;
    out["received_ms"] = notice.received_ms;
    out["read"] = notice.read;
    out["end_to_end"] = false;
}

nlohmann::ordered_json notice_event(const event::NoticeReceived& e)
{
    nlohmann::ordered_json out{{"event", "notice_received"}};
    put_notice(out, e.notice);
    return out;
}

nlohmann::ordered_json notice_event(const event::NoticeWithdrawn& e)
{
    return {{"event", "notice_withdrawn"}, {"notice", to_hex(e.id.view())}};
}

nlohmann::ordered_json notice_event(const event::NoticesRead& e)
{
    return {{"event", "notices_read"}, {"up_to", to_hex(e.up_to.view())}};
}

} // namespace godwit::json
