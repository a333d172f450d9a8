// SPDX-License-Identifier: Apache-2.0
// Private to the files that read the configuration: a table of it, and how its keys are read.
#pragma once

#include "lib/wire/names.hpp"
#include "relay/core/config.hpp"

#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <toml++/toml.h>

namespace godwit::relay {

/// One table of the file. Its keys are asked for by name; those that nobody asked for are unknown.
class Section {
public:
    Section(const toml::table& table, std::string name, std::optional<Error>& error)
        : table_(table), name_(std::move(name)), error_(error)
    {
    }

    template <class T>
    void number(const char* key, T& out, std::int64_t least, std::int64_t most)
    {
        const auto* const node = find(key);
        if (node == nullptr) return;
        const auto value = node->is_integer() ? node->value<std::int64_t>() : std::nullopt;
        if (!value || *value < least || *value > most)
            return refuse(*node, key,
                          "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        out = static_cast<T>(*value);
    }
    void flag(const char* key, bool& out)
    {
        const auto* const node = find(key);
        if (node == nullptr) return;
        if (!node->is_boolean()) return refuse(*node, key, "must be true or false");
        out = *node->value<bool>();
    }
    void text(const char* key, std::string& out, std::size_t bytes_max)
    {
        const auto* const node = find(key);
        if (node == nullptr) return;
        const auto value = node->is_string() ? node->value<std::string>() : std::nullopt;
        if (!value || value->empty() || value->size() > bytes_max)
            return refuse(*node, key, "must be a text of 1 to " + std::to_string(bytes_max) + " bytes");
        out = *value;
    }
    void host(const char* key, std::string& out)
    {
        std::string given;
        text(key, given, wire::host_bytes_max);
        if (given.empty()) return; // absent, or refused already
        if (!wire::is_host(given)) return refuse(*find(key), key, "must be a host name or an address without brackets");
        out = std::move(given);
    }
    void in_table(const char* name, const std::function<void(Section&)>& read)
    {
        const auto* const node = find(name);
        if (node == nullptr) return;
        if (!node->is_table()) return refuse(*node, name, std::string("must be a table: [") + name + "]");
        Section section(*node->as_table(), name, error_);
        read(section);
        section.finish();
    }
    /// One table of a list of them: what `read` makes of it.
    template <class Read>
    auto item(const toml::table& table, const char* name, Read read)
    {
        Section section(table, name, error_);
        return read(section);
    }
    /// A list of texts, each of which `read` takes or refuses.
    void list(const char* key, std::size_t items_max, const char* what,
              const std::function<bool(const std::string&)>& read)
    {
        const auto* const node = find(key);
        if (node == nullptr) return;
        const auto* const items = node->as_array();
        if (items == nullptr || items->size() > items_max)
            return refuse(*node, key, "must be a list of at most " + std::to_string(items_max));
        for (const auto& one : *items) {
            const auto text = one.is_string() ? one.value<std::string>() : std::nullopt;
            if (!text || !read(*text)) return refuse(one, key, std::string("must be a list of ") + what);
        }
    }
    /// One of `names`; their order is that of the enumerators.
    template <class T>
    void choice(const char* key, T& out, std::initializer_list<const char*> names)
    {
        const auto* const node = find(key);
        if (node == nullptr) return;
        const auto value = node->is_string() ? node->value<std::string>() : std::nullopt;
        std::string known;
        int number = 0;
        for (const char* const name : names) {
            if (value && *value == name) {
                out = static_cast<T>(number);
                return;
            }
            known += std::string(known.empty() ? "" : ", ") + "\"" + name + "\"";
            ++number;
        }
        refuse(*node, key, "must be one of " + known);
    }
    /// key_burst and key_interval_s
    void rate(const std::string& key, Rate& out)
    {
        number((key + "_burst").c_str(), out.burst, 1, 1'000'000);
        std::int64_t interval_s = 0;
        number((key + "_interval_s").c_str(), interval_s, 1, 86'400);
        if (interval_s != 0) out.interval = std::chrono::seconds(interval_s);
    }
    [[nodiscard]] const toml::node* find(const char* key)
    {
        asked_.insert(key);
        return table_.get(key);
    }
    void refuse(const toml::node& node, const std::string& key, const std::string& why)
    {
        if (!error_) error_ = at(node.source(), full(key) + " " + why);
    }
    /// Call last.
    void finish()
    {
        for (const auto& [key, node] : table_)
            if (!asked_.contains(std::string(key.str())) && !error_)
                error_ =
                    at(key.source(), "unknown key " + full(std::string(key.str())) + " (known here: " + known() + ")");
    }

    [[nodiscard]] static Error at(const toml::source_region& where, const std::string& what)
    {
        return {ErrorCode::invalid_argument, "line " + std::to_string(where.begin.line) + ": " + what, 0};
    }

private:
    [[nodiscard]] std::string full(const std::string& key) const { return name_.empty() ? key : name_ + "." + key; }
    [[nodiscard]] std::string known() const
    {
        std::string out;
        for (const auto& key : asked_)
            out += (out.empty() ? "" : ", ") + key;
        return out;
    }

    const toml::table& table_;
    std::string name_;
    std::optional<Error>& error_;
    std::set<std::string> asked_;
};

} // namespace godwit::relay
