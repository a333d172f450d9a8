// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/config_file.hpp"

#include "lib/wire/names.hpp"
#include "relay/admin/prefix.hpp"
#include "relay/core/versions.hpp"
#include "relay/daemon/config_section.hpp"
#include "relay/daemon/toml_text.hpp"

#include <fstream>
#include <iterator>

namespace godwit::relay {
namespace {

class Parser {
public:
    Result<DaemonConfig> parse(const toml::table& root)
    {
        Section top(root, "", error_);
        top.host("advertise", out_.advertise);
        top.in_table("registration", [&](Section& s) {
            s.flag("open", out_.core.registration_open);
            s.rate("per_address", out_.core.limits.registrations_per_address);
        });
        top.in_table("directory", [&](Section& s) { s.flag("shown", out_.core.directory_shown); });
        top.in_table("clients", [&](Section& s) {
            version(s, "latest", out_.core.client_version_latest);
            version(s, "required", out_.core.client_version_min);
        });
        top.in_table("limits", [&](Section& s) { limits(s); });
        top.in_table("overload", [&](Section& s) { overload(s); });
        top.in_table("stun", [&](Section& s) {
            s.host("host", out_.core.stun_host);
            out_.core.stun_port = 3478;
            s.number("port", out_.core.stun_port, 1, 65'535);
        });
        turn(top);
        top.in_table("turn_server", [&](Section& s) { turn_server(s); });
        read_admin(top, out_.admin);
        read_operations(top, out_.operations);
        top.finish();
        contradictions(root);
        if (error_) return *error_;
        return std::move(out_);
    }

private:
    /// What each table allows, and all together do not.
    void contradictions(const toml::table& root)
    {
        const auto refuse = [&](const char* table, const char* key, const std::string& why) {
            const auto* const node = root.at_path(std::string(table) + "." + key).node();
            if (node != nullptr && !error_)
                error_ = Section::at(node->source(), std::string(table) + "." + key + " " + why);
        };
        const auto& admin = out_.admin.listen;
        const auto& metrics = out_.operations.metrics.listen;
        if (admin && metrics && admin->port != 0 && admin->port == metrics->port &&
            (admin == metrics || admin->is_any() || metrics->is_any()))
            refuse("admin", "listen", "is metrics.listen too: each needs a port of its own");
        const auto latest = parse_version(out_.core.client_version_latest);
        const auto required = parse_version(out_.core.client_version_min);
        if (latest && required && *latest < *required)
            refuse("clients", "required", "is newer than clients.latest, which would be refused as well");
        if (out_.links_per_address_max > out_.links_max && root.at_path("limits.links"))
            refuse("limits", "links_per_address", "must not be above limits.links");
    }

    void version(Section& section, const char* key, std::string& out)
    {
        section.text(key, out, wire::version_text_bytes_max);
        if (!out.empty() && !parse_version(out))
            section.refuse(*section.find(key), key, "must be a version such as \"0.2.0\"");
    }

    /// key_burst and key_per_s
    static void per_second(Section& s, const std::string& key, Rate& out, std::int64_t most = 1'000'000)
    {
        s.number((key + "_burst").c_str(), out.burst, 1, 1'000'000);
        std::int64_t per_s = 0;
        s.number((key + "_per_s").c_str(), per_s, 1, most);
        if (per_s != 0) out.interval = Duration(1'000'000 / per_s);
    }

    void limits(Section& s)
    {
        auto& limits = out_.core.limits;
        s.number("links", out_.links_max, 1, 1'000'000);
        s.number("links_per_address", out_.links_per_address_max, 1, 1'000'000);
        s.number("half_open_per_address", out_.half_open_per_address_max, 1, 1'000'000);
        s.flag("retry_always", out_.retry_always);
        s.number("arrivals_per_address_burst", out_.arrivals_burst, 1, 1'000'000);
        std::int64_t arrivals_per_s = 0;
        s.number("arrivals_per_address_per_s", arrivals_per_s, 1, 1'000'000);
        if (arrivals_per_s != 0) out_.arrivals_interval = Duration(1'000'000 / arrivals_per_s);
        std::int64_t login_s = limits.login_time_max / std::chrono::seconds(1);
        s.number("login_s", login_s, 1, 60);
        limits.login_time_max = std::chrono::seconds(login_s);
        s.number("strangers", limits.unauthenticated_links_max, 1, 1'000'000);
        s.number("devices_per_account", limits.devices_per_account_max, 1, wire::devices_per_account_max);
        s.number("contacts", limits.contacts_max, 1, 100'000);
        s.number("incoming_contacts", limits.incoming_contacts_max, 1, 100'000);
        s.number("mailbox_messages", limits.mailbox_messages_max, 4, 1'000'000);
        std::int64_t mailbox_mib = 0;
        s.number("mailbox_mib", mailbox_mib, 2, 1024 * 1024);
        if (mailbox_mib != 0) limits.mailbox_bytes_max = static_cast<std::uint64_t>(mailbox_mib) * 1024 * 1024;
        std::int64_t mailbox_days = 0;
        s.number("mailbox_days", mailbox_days, 1, 3'650);
        if (mailbox_days != 0) limits.mailbox_age_ms_max = mailbox_days * 24 * 3600 * 1000;
        s.number("mailbox_sender_percent", limits.mailbox_sender_percent_max, 1, 100);
        s.number("mailbox_handshakes", limits.mailbox_handshakes_max, 4, 1'000'000);
        std::int64_t handshake_mib = 0;
        s.number("mailbox_handshake_mib", handshake_mib, 2, 1024 * 1024);
        if (handshake_mib != 0)
            limits.mailbox_handshake_bytes_max = static_cast<std::uint64_t>(handshake_mib) * 1024 * 1024;
        per_second(s, "group_requests", limits.group_requests, 1'000);
        s.rate("group_rejects", limits.group_rejects);
        s.rate("group_creations", limits.group_creations);
        s.rate("key_packages_per_pair", limits.key_packages_per_pair);
        std::int64_t blob_mib = -1;
        s.number("blob_mib_per_account", blob_mib, 1, 1024 * 1024);
        if (blob_mib >= 0) limits.blob_bytes_per_account_max = static_cast<std::uint64_t>(blob_mib) * 1024 * 1024;
        blob_mib = -1;
        s.number("blob_mib", blob_mib, 0, 1024 * 1024 * 1024);
        if (blob_mib >= 0) limits.blob_bytes_max = static_cast<std::uint64_t>(blob_mib) * 1024 * 1024;
        std::int64_t blob_days = 0;
        s.number("blob_days", blob_days, 1, 3'650);
        if (blob_days != 0) limits.blob_age_ms_max = blob_days * 24 * 3600 * 1000;
        s.number("notices", limits.notices_max, 1, 100'000);
        s.number("notice_accounts", limits.notice_accounts_max, 1, 1'000);
        std::int64_t notice_days = 0;
        s.number("notice_days", notice_days, 1, 3'650);
        if (notice_days != 0) limits.notice_lifetime_ms_max = notice_days * 24 * 3600 * 1000;
        s.rate("device_changes", limits.device_changes);
        s.rate("contact_changes", limits.contact_changes);
        per_second(s, "requests", limits.requests);
        per_second(s, "frames", limits.frames);
        s.number("link_waits", limits.link_waits_max, 1, 100'000);
        s.number("link_waits_per_address", limits.link_waits_per_address_max, 1, 100'000);
        std::int64_t idle_s = 0;
        s.number("idle_s", idle_s, 5, 3'600);
        if (idle_s != 0) out_.idle_max = std::chrono::seconds(idle_s);
    }

    void overload(Section& s)
    {
        constexpr std::uint64_t mib = 1024 * 1024;
        std::uint64_t memory_mib = 0;
        s.number("memory_mib", memory_mib, 1, 1024 * 1024);
        out_.overload.memory_bytes_max = memory_mib * mib;
        auto queued_mib = out_.overload.queued_bytes_max / mib;
        s.number("queued_mib", queued_mib, 1, 1024 * 1024);
        out_.overload.queued_bytes_max = queued_mib * mib;
        std::int64_t stalled_s = out_.overload.stalled_max / std::chrono::seconds(1);
        s.number("stalled_s", stalled_s, 1, 3'600);
        out_.overload.stalled_max = std::chrono::seconds(stalled_s);
        std::int64_t tick_ms = out_.overload.tick_max / std::chrono::milliseconds(1);
        s.number("tick_ms", tick_ms, 10, 60'000);
        out_.overload.tick_max = std::chrono::milliseconds(tick_ms);
    }

    void turn(Section& top)
    {
        const auto* const node = top.find("turn");
        if (node == nullptr) return;
        const auto* const list = node->as_array();
        if (list == nullptr || !list->is_homogeneous(toml::node_type::table) || list->size() > wire::turn_servers_max)
            return top.refuse(*node, "turn",
                              "must be at most " + std::to_string(wire::turn_servers_max) + " tables: [[turn]]");
        for (const auto& one : *list) {
            Section s(*one.as_table(), "turn", error_);
            TurnEntry entry;
            std::string transport = "udp";
            s.host("host", entry.host);
            s.number("port", entry.port, 1, 65'535);
            s.text("transport", transport, 3);
            s.text("username", entry.username, wire::turn_credential_bytes_max);
            s.text("password", entry.password, wire::turn_credential_bytes_max);
            s.text("secret", entry.secret, 1024);
            s.number("lifetime_s", entry.lifetime_s, 60, 30 * 86'400);
            s.finish();
            if (entry.host.empty()) s.refuse(one, "host", "is missing");
            if (transport != "udp" && transport != "tcp") s.refuse(one, "transport", "must be \"udp\" or \"tcp\"");
            if (transport == "tcp") entry.transport = wire::TurnServer::Transport::tcp;
            const bool is_static = !entry.username.empty() && !entry.password.empty() && entry.secret.empty();
            const bool is_shared = entry.username.empty() && entry.password.empty() && !entry.secret.empty();
            if (!is_static && !is_shared) s.refuse(one, "secret", "alone, or username and password, must be given");
            out_.turn.push_back(std::move(entry));
        }
    }

    /// An address of one family, without a port.
    void ip(Section& s, const char* key, bool is_v6, std::optional<loop::Address>& out)
    {
        std::string given;
        s.text(key, given, 64);
        if (given.empty()) return;
        out = admin::parse_ip(given);
        if (!out || out->is_v6 != is_v6 || out->is_any())
            s.refuse(*s.find(key), key, is_v6 ? "must be an IPv6 address" : "must be an IPv4 address");
    }

    void turn_server(Section& s)
    {
        TurnServing out;
        bool enabled = true;
        s.flag("enabled", enabled);
        ip(s, "address_v4", false, out.address_v4);
        ip(s, "address_v6", true, out.address_v6);
        ip(s, "external_v4", false, out.external_v4);
        s.list("listen", turn_listen_max, "addresses with ports such as \"0.0.0.0:3478\" or \"[::]:443\"",
               [&](const std::string& text) {
                   const auto at = loop::Address::parse(text);
                   if (at) out.listen.push_back(*at);
                   return at.has_value();
               });
        s.list("allow_peers", turn_allow_peers_max, "prefixes such as \"10.0.0.0/8\" or \"fd00::/8\"",
               [&](const std::string& text) {
                   const auto prefix = peer_prefix(text);
                   if (prefix) out.allow_peers.push_back(*prefix);
                   return prefix.has_value();
               });
        s.list("deny_peers", turn_deny_peers_max, "prefixes such as \"198.51.100.0/24\" or \"2001:db8:1::/48\"",
               [&](const std::string& text) {
                   const auto prefix = peer_prefix(text);
                   if (prefix) out.deny_peers.push_back(*prefix);
                   return prefix.has_value();
               });
        s.text("secret", out.secret, 1024);
        s.flag("accounts_only", out.accounts_only);
        s.number("lifetime_s", out.lifetime_s, 60, 30 * 86'400);
        s.number("port_min", out.port_min, 1024, 65'535);
        s.number("port_max", out.port_max, 1024, 65'535);
        s.number("allocations", out.limits.allocations_max, 1, 64'000);
        s.number("allocations_per_user", out.limits.allocations_per_user_max, 1, 64'000);
        s.number("permissions_per_user", out.limits.permissions_per_user_max, 1, 10'000);
        s.number("channels_per_user", out.limits.channels_per_user_max, 1, 4096);
        std::int64_t kbit_per_s = 0;
        s.number("kbit_per_s_per_user", kbit_per_s, 8, 10'000'000);
        if (kbit_per_s != 0) out.limits.bytes_per_s = kbit_per_s * 1000 / 8;
        s.number("packets_per_s_per_user", out.limits.packets_per_s, 1, 10'000'000);
        s.number("requests_per_s_per_user", out.limits.requests_per_s, 1, 100'000);
        const auto* const port_max = s.find("port_max");
        if (out.port_max < out.port_min)
            s.refuse(*(port_max != nullptr ? port_max : s.find("port_min")), "port_max", "must not be below port_min");
        if (enabled) out_.turn_server = std::move(out);
    }

    DaemonConfig out_;
    std::optional<Error> error_;
};

/// Every key with its value as text, so that two files can be compared key by key.
void flatten(const toml::table& table, const std::string& above, ConfigValues& out)
{
    for (const auto& [key, node] : table) {
        const auto name = above + std::string(key.str());
        if (const auto* const inner = node.as_table())
            flatten(*inner, name + ".", out);
        else
            out[name] = node_text(node);
    }
}

} // namespace

Result<DaemonConfig> parse_config(std::string_view text)
{
    try {
        const auto table = toml::parse(text);
        auto out = Parser().parse(table);
        if (out.ok()) flatten(table, "", out->values);
        return out;
    } catch (const toml::parse_error& wrong) {
        return Section::at(wrong.source(), std::string(wrong.description()));
    } catch (const std::exception&) {
        return Error{ErrorCode::internal, "out of memory while reading the configuration", 0};
    }
}

Result<DaemonConfig> read_config(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::string text(config_bytes_max + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.fail() && !file.eof()))
        return Error{ErrorCode::storage_failed, "cannot read " + path + ": check the path and its permissions", 0};
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > config_bytes_max)
        return Error{ErrorCode::invalid_argument,
                     path + " is longer than " + std::to_string(config_bytes_max) + " bytes", 0};
    auto parsed = parse_config(text);
    if (!parsed.ok()) return Error{parsed.error().code, path + ", " + parsed.error().detail, 0};
    return parsed;
}

} // namespace godwit::relay
