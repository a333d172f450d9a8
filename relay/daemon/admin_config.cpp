// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/admin_config.hpp"

#include "relay/admin/roles.hpp"
#include "relay/daemon/config_section.hpp"
#include "relay/daemon/listening.hpp"
#include "relay/hooks/sender.hpp"

#include <algorithm>

namespace godwit::relay {
namespace {

void admin_table(Section& s, AdminConfig& out)
{
    std::string at;
    s.text("listen", at, 64);
    out.listen = listening_at(at);
    if (!at.empty() && !out.listen)
        s.refuse(*s.find("listen"), "listen",
                 "must be an address with a port such as \"127.0.0.1:4480\" or \"[::1]:4480\"");
    s.list("hosts", admin_hosts_max, "host names", [&](const std::string& name) {
        out.hosts.push_back(name);
        return wire::is_host(name);
    });
}

bool is_verb(const std::string& text)
{
    const auto all = admin::verbs();
    return std::any_of(all.begin(), all.end(), [&](const auto& row) { return row.name == text; });
}

std::optional<EventKind> event_of(const std::string& text)
{
    const auto found = std::find(event_names.begin(), event_names.end(), text);
    if (found == event_names.end()) return std::nullopt;
    return static_cast<EventKind>(found - event_names.begin());
}

admin::Webhook webhook(Section& s, const toml::node& node)
{
    admin::Webhook out;
    std::string when_silent;
    s.text("name", out.name, 64);
    s.text("url", out.url, 1024);
    s.text("secret", out.secret, 1024);
    s.list("verbs", admin::verbs().size(), "verbs of docs/admin.md", [&](const std::string& text) {
        out.verbs.push_back(text);
        return is_verb(text);
    });
    s.list("events", event_names.size(), "events of docs/admin.md", [&](const std::string& text) {
        const auto event = event_of(text);
        if (event) out.events.push_back(*event);
        return event.has_value();
    });
    s.flag("asks_registration", out.asks_registration);
    s.text("when_silent", when_silent, 16);
    s.flag("allow_private", out.allow_private);
    s.finish();
    if (out.name.empty()) s.refuse(node, "name", "is missing");
    if (out.name.find('/') != std::string::npos) s.refuse(node, "name", "must have no slash");
    if (!hooks::is_hook_url(out.url)) s.refuse(node, "url", "must be http://… or https://… without a user");
    if (out.secret.size() < webhook_secret_bytes_min)
        s.refuse(node, "secret", "must have at least " + std::to_string(webhook_secret_bytes_min) + " bytes");
    const bool is_known = when_silent == "allow" || when_silent == "refuse";
    if (out.asks_registration ? !is_known : !when_silent.empty())
        s.refuse(node, "when_silent", "must be \"allow\" or \"refuse\", with asks_registration and only then");
    out.fail_open = when_silent == "allow";
    return out;
}

} // namespace

bool AdminConfig::asks_registration() const
{
    return std::any_of(webhooks.begin(), webhooks.end(), [](const auto& one) { return one.asks_registration; });
}

std::set<EventKind> AdminConfig::events() const
{
    std::set<EventKind> out;
    for (const auto& one : webhooks)
        out.insert(one.events.begin(), one.events.end());
    return out;
}

void read_admin(Section& top, AdminConfig& out)
{
    top.in_table("admin", [&](Section& s) { admin_table(s, out); });
    const auto* const node = top.find("webhook");
    if (node == nullptr) return;
    const auto* const all = node->as_array();
    if (all == nullptr || !all->is_homogeneous(toml::node_type::table) || all->size() > admin::webhooks_max)
        return top.refuse(*node, "webhook",
                          "must be at most " + std::to_string(admin::webhooks_max) + " tables: [[webhook]]");
    for (const auto& one : *all) {
        auto hook = top.item(*one.as_table(), "webhook", [&](Section& s) { return webhook(s, one); });
        const auto same = [&](const admin::Webhook& other) { return other.name == hook.name; };
        if (std::any_of(out.webhooks.begin(), out.webhooks.end(), same))
            top.refuse(one, "webhook", "names must differ");
        if (hook.asks_registration && out.asks_registration())
            top.refuse(one, "webhook", "asks_registration can be true of one only");
        out.webhooks.push_back(std::move(hook));
    }
}

} // namespace godwit::relay
