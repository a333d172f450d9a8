// SPDX-License-Identifier: Apache-2.0
#include "lib/store/search/words.hpp"

#include "lib/wire/content.hpp"

namespace godwit::store::search {
namespace {

class Words {
public:
    explicit Words(std::string_view text) : out_(text) { cut(); }

    void operator()(const content::Attachment& body) { add(body.file.name); }
    void operator()(const content::Sticker& body)
    {
        add(body.name);
        add(body.emoji);
    }
    void operator()(const content::Location& body) { add(body.place); }
    void operator()(const content::ContactCard& body) { add(body.user); }
    void operator()(const content::Card& body)
    {
        add(body.title);
        for (const auto& field : body.fields) {
            add(field.label);
            add(field.value);
        }
    }
    void operator()(const content::Forwarded& body)
    {
        if (inside_) return; // A bundle in a bundle: its text is what it says here.
        inside_ = true;
        add(body.title);
        for (const auto& item : body.items) {
            add(item.from);
            add(item.text);
            if (item.body.empty()) continue;
            if (const auto what = wire::decode_body(item.body))
                std::visit([this](const auto& one) { (*this)(one); }, *what);
        }
    }
    template <class Silent>
    void operator()(const Silent&)
    {
    }

    [[nodiscard]] std::string take() && { return std::move(out_); }

private:
    void add(std::string_view part)
    {
        if (part.empty() || out_.size() >= words_bytes_max) return;
        if (!out_.empty()) out_ += '\n';
        out_ += part;
        cut();
    }
    void cut()
    {
        if (out_.size() <= words_bytes_max) return;
        std::size_t end = words_bytes_max;
        while (end > 0 && (static_cast<unsigned char>(out_[end]) & 0xc0) == 0x80)
            --end;
        out_.resize(end);
    }

    std::string out_;
    bool inside_ = false;
};

} // namespace

std::string words_of(std::string_view text, BytesView extra)
{
    Words words(text);
    if (extra.empty()) return std::move(words).take();
    const auto what = wire::decode_extra(extra);
    if (!what || what->body.empty()) return std::move(words).take();
    if (const auto body = wire::decode_body(what->body)) std::visit([&](const auto& one) { words(one); }, *body);
    return std::move(words).take();
}

} // namespace godwit::store::search
