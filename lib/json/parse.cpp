// SPDX-License-Identifier: Apache-2.0
// Flow: line -> Fields -> "id" (echoed) -> "do" -> the table below -> Request.
#include "lib/base/bytes.hpp"
#include "lib/json/archive_faces.hpp"
#include "lib/json/call_faces.hpp"
#include "lib/json/content.hpp"
#include "lib/json/file_faces.hpp"
#include "lib/json/group_faces.hpp"
#include "lib/json/json.hpp"
#include "lib/json/notice_faces.hpp"
#include "lib/json/operator_faces.hpp"
#include "lib/json/quote.hpp"
#include "lib/json/search_faces.hpp"

#include <array>
#include <exception>

namespace godwit::json {

namespace {

template <class Login>
Request read_account(Fields& in)
{
    return Login{in.text("relay"), in.text("user"), in.text("password"), in.text("device_name", "")};
}

template <class Contact>
Request read_contact(Fields& in)
{
    return Contact{in.text("user")};
}

template <class Plain>
Request read_plain(Fields&)
{
    return Plain{};
}

Request read_device_link(Fields& in)
{
    return request::DeviceLink{in.text("code")};
}

Request read_link_code(Fields& in)
{
    return request::LinkCode{in.text("relay"), in.text("device_name", "")};
}

Request read_revoke(Fields& in)
{
    std::optional<DeviceId> device;
    if (const auto raw = from_hex(in.text("device"))) device = DeviceId::from(*raw);
    if (!device) in.fail("device", "a device: 64 hexadecimal digits");
    return request::DeviceRevoke{device.value_or(DeviceId{})};
}

Request read_safety_number(Fields& in)
{
    return request::SafetyNumber{in.text("with")};
}

Request read_verify(Fields& in)
{
    request::Verify out{in.text("with"), in.boolean("verified", true), in.text("code", "")};
    // A camera that saw nothing must not count as a comparison.
    if (out.code.empty() && (out.verified || in.find("code") != nullptr))
        in.fail("code", "what you have compared: the code that the other side's device shows, or the safety number");
    return out;
}

Request read_policy(Fields& in)
{
    const std::string name = in.text("path");
    for (const auto policy :
         {PathPolicy::direct_first, PathPolicy::direct_only, PathPolicy::relay_only, PathPolicy::race})
        if (name == path_policy_name(policy)) return request::SetPolicy{policy};
    in.fail("path", "direct_first, direct_only, relay_only or race");
    return request::SetPolicy{};
}

Request read_fault(Fields& in)
{
    return request::Fault{in.boolean("drop_direct")};
}

struct Row {
    std::string_view name;
    Request (*read)(Fields&);
};

constexpr std::array rows{
    Row{"register", read_account<request::RegisterAccount>},
    Row{"login", read_account<request::Login>},
    Row{"logout", read_plain<request::Logout>},
    Row{"contact_add", read_contact<request::ContactAdd>},
    Row{"contact_accept", read_contact<request::ContactAccept>},
    Row{"contact_remove", read_contact<request::ContactRemove>},
    Row{"contact_block", read_contact<request::ContactBlock>},
    Row{"contact_unblock", read_contact<request::ContactUnblock>},
    Row{"contacts", read_plain<request::Contacts>},
    Row{"send", read_send},
    Row{"edit", read_edit},
    Row{"recall", read_recall},
    Row{"react", read_react},
    Row{"pin", read_pin},
    Row{"move_location", read_move_location},
    Row{"end_location", read_end_location},
    Row{"versions", read_versions},
    Row{"set_versions", read_set_versions},
    Row{"set_recall_window", read_set_recall_window},
    Row{"set_timer", read_timer},
    Row{"forward", read_forward},
    Row{"mark_read", read_mark_read},
    Row{"typing", read_typing},
    Row{"conversations", read_conversations},
    Row{"set_conversation", read_set_conversation},
    Row{"set_receipts", read_set_receipts},
    Row{"scheduled", read_plain<request::Scheduled>},
    Row{"unschedule", read_unschedule},
    Row{"set_contact", read_set_contact},
    Row{"watch", read_watch},
    Row{"unwatch", read_unwatch},
    Row{"history", read_history},
    Row{"search", read_search},
    Row{"devices", read_plain<request::Devices>},
    Row{"device_link", read_device_link},
    Row{"device_link_code", read_link_code},
    Row{"device_revoke", read_revoke},
    Row{"safety_number", read_safety_number},
    Row{"verify", read_verify},
    Row{"file_add", read_file_add},
    Row{"file_fetch", read_about_file<request::FileFetch>},
    Row{"file_save", read_file_save},
    Row{"file_pause", read_about_file<request::FilePause>},
    Row{"file_resume", read_about_file<request::FileResume>},
    Row{"file_cancel", read_about_file<request::FileCancel>},
    Row{"sticker_pack", read_about_file<request::StickerPack>},
    Row{"sticker", read_sticker},
    Row{"files", read_plain<request::Files>},
    Row{"set_rate", read_set_rate},
    Row{"set_auto_fetch", read_set_auto_fetch},
    Row{"archive_make", read_archive_make},
    Row{"archive_read", read_archive_read},
    Row{"archive_cancel", read_plain<request::ArchiveCancel>},
    Row{"history_ask", read_plain<request::HistoryAsk>},
    Row{"history_send", read_history_send},
    Row{"group_create", read_group_create},
    Row{"group_invite", read_group_invite},
    Row{"group_remove", read_group_remove},
    Row{"group_leave", read_group_leave},
    Row{"group_role", read_group_role},
    Row{"group_mute", read_group_mute},
    Row{"group_set", read_group_set},
    Row{"group_promote", read_group_promote},
    Row{"group_dissolve", read_group_dissolve},
    Row{"group_about", read_group_about},
    Row{"group_link", read_group_link},
    Row{"group_join", read_group_join},
    Row{"group_answer", read_group_answer},
    Row{"deliveries", read_deliveries},
    Row{"notices", read_notices},
    Row{"notices_read", read_notices_read},
    Row{"call", read_call},
    Row{"answer", read_answer},
    Row{"reject", read_reject},
    Row{"hangup", read_hangup},
    Row{"call_media", read_call_media},
    Row{"call_stats", read_call_stats},
    Row{"calls", read_plain<request::Calls>},
    Row{"call_devices", read_plain<request::CallDeviceList>},
    Row{"report", read_report},
    Row{"directory", read_directory},
    Row{"status", read_plain<request::Status>},
    Row{"network_changed", read_plain<request::NetworkChanged>},
    Row{"set_policy", read_policy},
    Row{"fault", read_fault},
};

/// The "id" as it goes into the reply. An id of another kind is an error, and is not echoed.
std::string read_id(Fields& in)
{
    const Value* value = in.find("id");
    if (value == nullptr || std::holds_alternative<std::nullptr_t>(*value)) return "null";
    if (const auto* number = std::get_if<std::uint64_t>(value)) return std::to_string(*number);
    if (const auto* number = std::get_if<std::int64_t>(value)) return std::to_string(*number);
    if (const auto* text = std::get_if<std::string>(value); text != nullptr && text->size() <= id_bytes_max)
        return quote(*text);
    in.fail("id", "an integer of 64 bits or a string of at most " + std::to_string(id_bytes_max) + " bytes");
    return "null";
}

ParsedRequest parse(std::string_view line)
{
    Fields in = Fields::read(line);
    ParsedRequest out;
    out.id = read_id(in);
    if (in.failed()) {
        out.request = in.error();
        return out;
    }
    const std::string name = in.text("do");
    if (in.failed()) {
        out.request = in.error();
        return out;
    }
    if (name == "quit") {
        out.quit = true;
        out.request = Error{ErrorCode::unsupported, "quit is obeyed by the program around the library", 0};
        return out;
    }
    for (const Row& row : rows) {
        if (row.name != name) continue;
        Request request = row.read(in);
        if (in.failed())
            out.request = Error{in.error().code, name + ": " + in.error().detail, 0};
        else
            out.request = std::move(request);
        return out;
    }
    constexpr std::size_t shown_max = 40;
    out.request = Error{ErrorCode::unknown_request,
                        "there is no request \"" + name.substr(0, shown_max) + "\"; docs/cli.md lists them", 0};
    return out;
}

} // namespace

ParsedRequest parse_request(std::string_view line)
{
    try {
        return parse(line);
    } catch (const std::exception&) { // out of memory
        return {};
    }
}

std::vector<std::string_view> request_names()
{
    std::vector<std::string_view> out;
    for (const Row& row : rows)
        out.push_back(row.name);
    return out;
}

} // namespace godwit::json
