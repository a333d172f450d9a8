// SPDX-License-Identifier: Apache-2.0
#include "lib/client/mailbox.hpp"

namespace godwit::client {

namespace {
std::size_t bytes_of(const Submitted& item) noexcept
{
    const auto* request = std::get_if<Request>(&item.what);
    return request == nullptr ? 0 : request_bytes(*request);
}
} // namespace

std::optional<RequestId> Mailbox::put(std::variant<Request, Error> what, bool& first)
{
    const std::lock_guard lock(mutex_);
    Submitted item{next_id_, std::move(what)};
    const std::size_t more = bytes_of(item);
    if (more > mailbox_bytes_max - bytes_) return std::nullopt;
    first = queue_.empty();
    if (!queue_.push(std::move(item))) return std::nullopt;
    bytes_ += more;
    return next_id_++;
}

std::vector<Submitted> Mailbox::take(std::size_t count_max)
{
    std::vector<Submitted> out;
    const std::lock_guard lock(mutex_);
    while (out.size() < count_max) {
        auto item = queue_.pop();
        if (!item) break;
        bytes_ -= bytes_of(*item);
        out.push_back(*std::move(item));
    }
    return out;
}

bool Mailbox::empty() const
{
    const std::lock_guard lock(mutex_);
    return queue_.empty();
}

} // namespace godwit::client
