// SPDX-License-Identifier: Apache-2.0
#include "relay/admin/webhooks.hpp"

#include "lib/crypto/hkdf.hpp"
#include "relay/admin/roles.hpp"
#include "relay/core/wanted.hpp"

#include <algorithm>

namespace godwit::relay::admin {
namespace {

/// Doubling, at most webhook_retry_max, and a tenth more or less: receivers that come back are not met by all at once.
Duration wait_after(std::uint32_t failures, port::Entropy& entropy)
{
    auto out = webhook_retry_first;
    for (std::uint32_t n = 1; n < failures && out < webhook_retry_max; ++n)
        out *= 2;
    out = std::min(out, webhook_retry_max);
    const auto tenth = out / 10;
    return out - tenth +
           Duration(
               static_cast<Duration::rep>(entropy.next_u64() % (2 * static_cast<std::uint64_t>(tenth.count()) + 1)));
}

std::string body_of(const AuditRecord& record)
{
    const auto detail = Json::parse(record.detail, nullptr, false);
    return Json{{"sequence", record.sequence},
                {"at_ms", record.at_ms},
                {"actor", record.actor},
                {"role", role_name(static_cast<Role>(record.role))},
                {"verb", record.verb},
                {"target", record.target},
                {"detail", detail.is_discarded() ? Json(record.detail) : detail}, // it was cut
                {"link", to_hex(record.link.view())}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string body_of(const StoredEvent& event)
{
    const auto detail = Json::parse(event.detail, nullptr, false);
    return Json{{"event", event.kind},
                {"sequence", event.sequence},
                {"at_ms", event.at_ms},
                {"target", event.target},
                {"detail", detail.is_discarded() ? Json(event.detail) : detail}}
        .dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Of a hook in the queue of events; names of hooks have no slash.
std::string event_cursor(const Webhook& hook)
{
    return hook.name + "/events";
}

/// A push for a call that nobody waits for any more wakes a phone for nothing.
bool is_stale(const StoredEvent& event, Moment now)
{
    const auto lives = std::chrono::duration_cast<std::chrono::milliseconds>(wanted_for).count();
    return event.kind == event_name(EventKind::device_wanted) && now.wall_ms - event.at_ms > lives;
}

} // namespace

std::string hook_signature(std::string_view secret, std::string_view body, WallMs now_ms)
{
    const auto seconds = std::to_string(now_ms / 1000);
    const auto mac = crypto::hmac_sha256_of(as_bytes(secret), {as_bytes(seconds), as_bytes("."), as_bytes(body)});
    return "t=" + seconds + ",v1=" + to_hex(mac);
}

Webhooks::Webhooks(std::vector<Webhook> hooks, Ledger& ledger, port::Entropy& entropy, Rate questions)
    : hooks_(std::move(hooks)), audit_(ledger), events_(ledger), cursors_(ledger), entropy_(entropy),
      lines_(hooks_.size()), question_rate_(questions), question_paces_(question_rate_, decisions_max)
{
}

HookRequest Webhooks::request(std::size_t hook, std::uint64_t number, std::string body, WallMs now_ms) const
{
    const auto& one = hooks_[hook];
    HookRequest out{hook, number, false, one.url, {}, std::move(body)};
    out.headers = {{"content-type", "application/json"},
                   {"godwit-webhook", one.name},
                   {"godwit-delivery", std::to_string(number)},
                   {"godwit-signature", hook_signature(one.secret, out.body, now_ms)}};
    return out;
}

std::optional<HookRequest> Webhooks::next(Moment now)
{
    for (std::size_t hook = 0; hook < hooks_.size(); ++hook) {
        auto& line = lines_[hook];
        if (line.waits || line.from > now.mono) continue;
        line.from = {};
        if (hooks_[hook].asks_registration) {
            if (auto out = next_question(hook, now)) return out;
        } else {
            if (auto out = next_record(hook, now)) return out;
            if (auto out = next_event(hook, now)) return out;
        }
    }
    return std::nullopt;
}

std::optional<HookRequest> Webhooks::next_record(std::size_t hook, Moment now)
{
    const auto& one = hooks_[hook];
    if (one.verbs.empty() && !one.events.empty()) return std::nullopt;
    auto& line = lines_[hook];
    const auto newest = audit_.newest();
    if (!newest) return std::nullopt;
    auto cursor = cursors_.find(one.name);
    if (!cursor) { // from now on; not what was before it was there
        cursors_.set(one.name, newest->sequence);
        return std::nullopt;
    }
    std::uint64_t skipped = 0;
    if (*cursor + webhook_lag_max < newest->sequence) {
        skipped = newest->sequence - webhook_lag_max - *cursor;
        counters_.webhooks_skipped += skipped;
        *cursor += skipped;
        cursors_.set(one.name, *cursor);
    }
    // Records that are not for it are passed over.
    for (;;) {
        const auto page = audit_.after(*cursor, 100);
        for (const auto& record : page) {
            if (!one.verbs.empty() && std::find(one.verbs.begin(), one.verbs.end(), record.verb) == one.verbs.end())
                continue;
            if (record.sequence > *cursor + 1) cursors_.set(one.name, record.sequence - 1);
            line.waits = true;
            auto out = request(hook, record.sequence, body_of(record), now.wall_ms);
            if (skipped > 0) out.headers.emplace_back("godwit-skipped", std::to_string(skipped));
            return out;
        }
        if (page.empty()) return std::nullopt;
        cursor = page.back().sequence;
        cursors_.set(one.name, *cursor);
    }
}

/// Of kinds that it does not name there may be many: what it has passed is written with the next that is for it.
std::optional<HookRequest> Webhooks::next_event(std::size_t hook, Moment now)
{
    const auto& one = hooks_[hook];
    if (one.events.empty()) return std::nullopt;
    const auto newest = events_.newest();
    auto cursor = cursors_.find(event_cursor(one));
    if (!cursor) {
        cursors_.set(event_cursor(one), newest);
        return std::nullopt;
    }
    // What was forgotten in between is missed, and said so.
    const auto first = events_.after(*cursor, 1);
    const auto skipped = first.empty() ? 0 : first.front().sequence - *cursor - 1;
    if (skipped > 0) {
        counters_.webhooks_skipped += skipped;
        *cursor += skipped;
        cursors_.set(event_cursor(one), *cursor);
    }
    for (;;) {
        const auto page = events_.after(*cursor, 100);
        if (page.empty()) return std::nullopt;
        for (const auto& event : page) {
            if (std::none_of(one.events.begin(), one.events.end(),
                             [&](EventKind kind) { return event_name(kind) == event.kind; }))
                continue;
            if (is_stale(event, now)) continue;
            if (event.sequence > *cursor + 1) cursors_.set(event_cursor(one), event.sequence - 1);
            lines_[hook].waits = true;
            auto out = request(hook, event.sequence, body_of(event), now.wall_ms);
            out.is_event = true;
            if (skipped > 0) out.headers.emplace_back("godwit-skipped", std::to_string(skipped));
            return out;
        }
        cursor = page.back().sequence;
        cursors_.set(event_cursor(one), *cursor);
    }
}

std::optional<HookRequest> Webhooks::next_question(std::size_t hook, Moment now)
{
    if (questions_sent_ >= questions_sent_max) return std::nullopt;
    for (auto& [number, question] : questions_) {
        if (question.state != Question::State::to_ask) continue;
        question.state = Question::State::asked;
        question.until = now.mono + decision_time_max;
        ++questions_sent_;
        return request(hook, number, question.body, now.wall_ms);
    }
    return std::nullopt;
}

Webhooks::Turn Webhooks::answered(const HookRequest& request, int status, std::string_view body, Moment now)
{
    const auto& one = hooks_[request.hook];
    auto& line = lines_[request.hook];
    const bool good = status >= 200 && status < 300;
    ++(good ? counters_.webhooks_delivered : counters_.webhooks_failed);
    const bool failed = line.failures > 0;
    const auto turn = failed == !good ? Turn::none : good ? Turn::works : Turn::fails;
    line.failures = good ? 0 : std::min(line.failures + 1, std::uint32_t{32});
    if (one.asks_registration) {
        if (questions_sent_ > 0) --questions_sent_;
        const auto found = questions_.find(request.number);
        if (found == questions_.end() || found->second.state != Question::State::asked) return turn;
        const auto answer = good ? Json::parse(body, nullptr, false) : Json();
        const bool said = answer.is_object() && answer.contains("allow") && answer["allow"].is_boolean();
        const bool allow = said ? answer["allow"].get<bool>() : one.fail_open;
        found->second.state = allow ? Question::State::yes : Question::State::no;
        // No answer is not remembered for long: the next one may be one.
        found->second.until = now.mono + (said ? decision_kept : decision_time_max);
        return turn;
    }
    line.waits = false;
    if (good) {
        line.from = {};
        cursors_.set(request.is_event ? event_cursor(one) : one.name, request.number);
        return turn;
    }
    line.from = now.mono + wait_after(line.failures, entropy_);
    return turn;
}

void Webhooks::not_sent(const HookRequest& request, Moment now)
{
    auto& line = lines_[request.hook];
    line.waits = false;
    line.from = now.mono + webhook_retry_first;
    if (!hooks_[request.hook].asks_registration) return;
    if (questions_sent_ > 0) --questions_sent_;
    if (const auto found = questions_.find(request.number); found != questions_.end())
        found->second.state = Question::State::to_ask;
}

Instant Webhooks::deadline() const
{
    auto out = never;
    for (const auto& line : lines_)
        if (!line.waits && line.from != Instant{}) out = earlier(out, line.from);
    return out;
}

const Webhook* Webhooks::judge() const
{
    const auto found =
        std::find_if(hooks_.begin(), hooks_.end(), [](const Webhook& one) { return one.asks_registration; });
    return found == hooks_.end() ? nullptr : &*found;
}

Decision Webhooks::decide(const std::string& user, const PublicKey& key, const std::string& address, Moment now)
{
    const auto* const who = judge();
    if (who == nullptr) return Decision::yes;
    const auto name = user + "/" + to_hex(key.view());
    if (const auto known = numbers_.find(name); known != numbers_.end()) {
        const auto found = questions_.find(known->second);
        auto& question = found->second;
        if (question.state == Question::State::to_ask) return Decision::wait;
        if (question.until > now.mono)
            return question.state == Question::State::yes  ? Decision::yes
                   : question.state == Question::State::no ? Decision::no
                                                           : Decision::wait;
        const bool unanswered = question.state == Question::State::asked;
        questions_.erase(found);
        numbers_.erase(known);
        if (unanswered) return who->fail_open ? Decision::yes : Decision::no;
    }
    std::size_t open = 0, of_address = 0;
    for (const auto& [number, question] : questions_) {
        const bool is_open = question.state == Question::State::to_ask ||
                             (question.state == Question::State::asked && question.until > now.mono);
        if (is_open) ++open;
        if (is_open && question.address == address) ++of_address;
    }
    if (open >= questions_max || of_address >= questions_per_address_max ||
        question_paces_.wait(address, now.mono) > Duration::zero())
        return Decision::wait;
    question_paces_.take(address, now.mono);
    if (questions_.size() >= decisions_max) {
        const auto oldest = questions_.begin()->first;
        std::erase_if(numbers_, [oldest](const auto& one) { return one.second == oldest; });
        questions_.erase(oldest);
    }
    const auto number = ++last_number_;
    numbers_[name] = number;
    questions_[number].address = address;
    questions_[number].body = Json{
        {"question", "registration"},
        {"user", user},
        {"account_key", to_base64url(key.view())},
        {"address", address},
        {"at_ms", now.wall_ms}}.dump();
    return Decision::wait;
}

} // namespace godwit::relay::admin
