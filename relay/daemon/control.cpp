// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/control.hpp"

#include "relay/daemon/toml_text.hpp"

namespace godwit::relay {
namespace {

Error invalid(std::string detail)
{
    return {ErrorCode::invalid_argument, std::move(detail), 0};
}

/// The values of one question. The first that is missing or of another type is the error; then nothing is done.
class Question {
public:
    explicit Question(const toml::table& table) : table_(table) {}

    std::string text(const char* key, const char* absent = nullptr)
    {
        const auto* const node = find(key, absent == nullptr);
        if (node == nullptr) return absent == nullptr ? "" : absent;
        const auto value = node->is_string() ? node->value<std::string>() : std::nullopt;
        if (!value) refuse(key, "must be a text");
        return value.value_or("");
    }
    std::int64_t number(const char* key, std::int64_t least, std::int64_t most, std::int64_t absent)
    {
        const auto* const node = find(key, false);
        if (node == nullptr) return absent;
        const auto* const value = node->as_integer();
        if (value != nullptr && value->get() >= least && value->get() <= most) return value->get();
        refuse(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        return absent;
    }
    bool flag(const char* key)
    {
        const auto* const node = find(key, false);
        if (node != nullptr && !node->is_boolean()) refuse(key, "must be true or false");
        return node != nullptr && node->value_or(false);
    }
    std::vector<std::string> texts(const char* key)
    {
        std::vector<std::string> out;
        const auto* const node = find(key, false);
        if (node == nullptr) return out;
        const auto* const list = node->as_array();
        if (list == nullptr) {
            refuse(key, "must be a list of texts");
            return out;
        }
        for (const auto& one : *list) {
            if (!one.is_string()) refuse(key, "must be a list of texts");
            out.push_back(one.value_or(std::string()));
        }
        return out;
    }
    NoticeId id()
    {
        const auto bytes = from_hex(text("id"));
        const auto out = bytes ? NoticeId::from(*bytes) : std::nullopt;
        if (!out) refuse("id", "must be 32 hexadecimal digits");
        return out.value_or(NoticeId{});
    }
    NoticeKind kind()
    {
        const auto name = text("kind", "announcement");
        for (const auto kind : {NoticeKind::announcement, NoticeKind::maintenance, NoticeKind::account})
            if (name == notice_kind_name(kind)) return kind;
        refuse("kind", "must be announcement, maintenance or account");
        return NoticeKind::announcement;
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

private:
    const toml::node* find(const char* key, bool needed)
    {
        const auto* const out = table_.get(key);
        if (out == nullptr && needed) refuse(key, "is missing");
        return out;
    }
    void refuse(const char* key, const std::string& why)
    {
        if (!error_) error_ = invalid(std::string(key) + " " + why);
    }

    const toml::table& table_;
    std::optional<Error> error_;
};

std::int64_t signed_of(std::uint64_t number)
{
    return static_cast<std::int64_t>(number);
}

const char* state_of(const StoredNotice& notice, Moment now)
{
    if (notice.withdrawn) return "withdrawn";
    return notice.settled || notice.expires_ms <= now.wall_ms ? "over" : "open";
}

toml::table table_of(const StoredNotice& notice, Moment now)
{
    return toml::table{{"id", to_hex(notice.id.view())},
                       {"sequence", signed_of(notice.sequence)},
                       {"state", state_of(notice, now)},
                       {"to_all", notice.to_all},
                       {"kind", std::string(notice_kind_name(notice.kind))},
                       {"created_ms", notice.created_ms},
                       {"expires_ms", notice.expires_ms},
                       {"title", notice.title},
                       {"text", notice.text},
                       {"link", notice.link}};
}

Result<toml::table> notice_send(Core& core, Question& in, Moment now)
{
    NoticeDraft draft;
    draft.id = in.id();
    draft.to_all = in.flag("to_all");
    draft.users = in.texts("to");
    draft.kind = in.kind();
    draft.title = in.text("title");
    draft.text = in.text("text", "");
    draft.link = in.text("link", "");
    draft.lifetime_ms = in.number("lifetime_ms", 0, INT64_MAX, 0);
    if (in.error()) return *in.error();
    const auto done = core.notices().send(draft, now);
    if (!done) return done.error();
    return table_of(*done, now);
}

Result<toml::table> notice_withdraw(Core& core, Question& in, Moment now)
{
    const auto id = in.id();
    if (in.error()) return *in.error();
    const auto done = core.notices().withdraw(id, now);
    if (!done) return done.error();
    return table_of(*done, now);
}

Result<toml::table> notice_list(Core& core, Question& in, Moment now)
{
    const auto before = in.number("before", 1, INT64_MAX, INT64_MAX);
    const auto limit = in.number("limit", 1, control_page_max, 100);
    if (in.error()) return *in.error();
    toml::array all;
    for (const auto& notice : core.notices().list(static_cast<std::uint64_t>(before), static_cast<std::size_t>(limit)))
        all.push_back(table_of(notice, now));
    return toml::table{{"notices", std::move(all)}};
}

Result<toml::table> notice_state(Core& core, Question& in, Moment now)
{
    const auto id = in.id();
    const bool devices = in.flag("devices");
    const auto after = in.text("after", "");
    const auto limit = in.number("limit", 1, control_page_max, 100);
    if (in.error()) return *in.error();
    const auto state = core.notices().state(id, now);
    if (!state) return state.error();
    auto out = table_of(state->notice, now);
    out.insert("accounts", signed_of(state->reach.accounts));
    out.insert("accounts_reached", signed_of(state->reach.accounts_reached));
    out.insert("devices", signed_of(state->reach.devices));
    out.insert("devices_reached", signed_of(state->reach.devices_reached));
    if (!devices) return out;
    const auto recipients = core.notices().recipients(id, after, static_cast<std::size_t>(limit), now);
    if (!recipients) return recipients.error();
    toml::array all;
    for (const auto& one : *recipients)
        all.push_back(toml::table{{"user", one.user},
                                  {"device", one.device ? to_hex(one.device->view()) : std::string()},
                                  {"reached", one.reached}});
    out.insert("recipients", std::move(all));
    return out;
}

struct Row {
    std::string_view name;
    Result<toml::table> (*answer)(Core&, Question&, Moment);
};
constexpr Row rows[] = {{"notice_send", notice_send},
                        {"notice_withdraw", notice_withdraw},
                        {"notice_list", notice_list},
                        {"notice_state", notice_state}};

Result<toml::table> table_of(const Result<Snapshots::State>& state)
{
    if (!state.ok()) return state.error();
    return toml::table{{"pages_total", signed_of(state->pages_total)},
                       {"pages_left", signed_of(state->pages_left)},
                       {"whole", state->is_whole}};
}

struct SnapshotRow {
    std::string_view name;
    Result<toml::table> (*answer)(Snapshots&, Moment);
};
constexpr SnapshotRow snapshot_rows[] = {
    {"snapshot_begin", [](Snapshots& all, Moment now) { return table_of(all.begin(now.mono)); }},
    {"snapshot_state", [](Snapshots& all, Moment now) { return table_of(all.state(now.mono)); }},
    {"snapshot_end", [](Snapshots& all, Moment) -> Result<toml::table> {
         all.end();
         return toml::table{};
     }}};

Result<toml::table> answer_to(Core& core, Snapshots& snapshots, BytesView question, Moment now)
{
    try {
        const auto table = toml::parse(as_text(question));
        Question in(table);
        const auto what = in.text("do");
        for (const auto& row : rows)
            if (row.name == what) return row.answer(core, in, now);
        for (const auto& row : snapshot_rows)
            if (row.name == what) return row.answer(snapshots, now);
        return Error{ErrorCode::unknown_request, "this relay knows no request of this name", 0};
    } catch (const toml::parse_error& wrong) {
        return invalid(std::string(wrong.description()));
    }
}

Bytes written(const toml::table& table)
{
    return to_bytes(as_bytes(toml_text(table)));
}

toml::table refusal(const Error& why)
{
    return toml::table{{"error", toml::table{{"code", std::string(error_name(why.code))}, {"detail", why.detail}}}};
}

} // namespace

Result<std::unique_ptr<Control>> Control::open(loop::Loop& loop, const std::string& path, Core& core,
                                               Snapshots& snapshots, Commit commit)
{
    auto out = std::make_unique<Control>(core, snapshots, std::move(commit));
    loop::LocalLimits limits;
    limits.question_bytes_max = control_question_bytes_max;
    limits.time_max = control_time_max;
    auto server = loop::LocalServer::open(
        loop, path, limits, [raw = out.get()](BytesView question) { return raw->answer(question, loop::Loop::now()); });
    if (!server.ok()) return server.error();
    out->server_ = *std::move(server);
    return out;
}

Bytes Control::answer(BytesView question, Moment now)
{
    try {
        auto said = answer_to(core_, snapshots_, question, now);
        // Nothing is said that rests on what is not stored.
        if (const auto committed = commit_(); !committed.ok())
            said = Error{ErrorCode::relay_unavailable, "the relay cannot store now (is its disk full?): try again", 0};
        return written(said ? *said : refusal(said.error()));
    } catch (const std::exception&) {
        return to_bytes(as_bytes("[error]\ncode = \"internal\"\ndetail = \"out of memory\"\n"));
    }
}

} // namespace godwit::relay
