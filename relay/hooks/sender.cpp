// SPDX-License-Identifier: Apache-2.0
#include "relay/hooks/sender.hpp"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace godwit::relay::hooks {
namespace {

struct Work {
    Post post;
    PostResult result;
    bool refused = false;
    std::shared_ptr<std::atomic<bool>> gone;
};

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* work)
{
    auto& body = static_cast<Work*>(work)->result.body;
    const auto all = size * count;
    if (body.size() + all > answer_bytes_max) return 0; // ends the transfer
    body.append(bytes, all);
    return all;
}

int look_up_from_work(void* work, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    return *static_cast<Work*>(work)->gone ? 1 : 0;
}

curl_socket_t open_socket(void* data, curlsocktype, curl_sockaddr* to)
{
    auto& work = *static_cast<Work*>(data);
    BytesView ip;
    if (to->family == AF_INET) {
        const auto* const at = reinterpret_cast<const sockaddr_in*>(&to->addr);
        ip = {reinterpret_cast<const std::uint8_t*>(&at->sin_addr), 4};
    } else if (to->family == AF_INET6) {
        const auto* const at = reinterpret_cast<const sockaddr_in6*>(&to->addr);
        ip = {reinterpret_cast<const std::uint8_t*>(&at->sin6_addr), 16};
    }
    if (ip.empty() || (work.post.may_reach && !work.post.may_reach(ip))) {
        work.refused = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void perform(Work& work)
{
    const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
    curl_slist* headers = nullptr;
    for (const auto& [name, value] : work.post.headers)
        headers = curl_slist_append(headers, (name + ": " + value).c_str());
    headers = curl_slist_append(headers, "expect:");
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> freed(headers, curl_slist_free_all);
    auto* const c = curl.get();
    if (c == nullptr || headers == nullptr) {
        work.result.fault = "out of memory";
        return;
    }
    curl_easy_setopt(c, CURLOPT_URL, work.post.url.c_str());
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(
        c, CURLOPT_TIMEOUT_MS,
        static_cast<long>(
            std::chrono::milliseconds(std::chrono::duration_cast<std::chrono::milliseconds>(send_time_max)).count()));
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, work.post.body.data());
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(work.post.body.size()));
    curl_easy_setopt(c, CURLOPT_USERAGENT, "godwit-relay");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &work);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_up_from_work);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, &work);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &work);
    const auto code = curl_easy_perform(c);
    if (code != CURLE_OK) {
        work.result.body.clear();
        work.result.fault = work.refused ? "its address is not one that may be reached" : curl_easy_strerror(code);
        return;
    }
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    work.result.status = static_cast<int>(status);
}

} // namespace

bool is_hook_url(const std::string& url)
{
    const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return false;
    const auto part = [&](CURLUPart which) {
        char* text = nullptr;
        if (curl_url_get(parsed.get(), which, &text, 0) != CURLUE_OK) return std::string();
        std::string out(text);
        curl_free(text);
        return out;
    };
    const auto scheme = part(CURLUPART_SCHEME);
    return (scheme == "http" || scheme == "https") && !part(CURLUPART_HOST).empty() && part(CURLUPART_USER).empty() &&
           part(CURLUPART_PASSWORD).empty();
}

Sender::Sender(loop::Loop& loop) : loop_(loop), gone_(std::make_shared<std::atomic<bool>>(false))
{
    static const auto ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)ready;
}

Sender::~Sender()
{
    *gone_ = true;
}

bool Sender::send(Post post, std::function<void(PostResult)> done)
{
    auto work = std::make_shared<Work>();
    work->post = std::move(post);
    work->gone = gone_;
    return loop_.run_in_background([work] { perform(*work); },
                                   [work, done = std::move(done)] {
                                       if (!*work->gone) done(std::move(work->result));
                                   });
}

} // namespace godwit::relay::hooks
