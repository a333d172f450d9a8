// SPDX-License-Identifier: Apache-2.0
// A godwit client in Qt's event loop.
//
//   a widget ──> ask(request, answer) ──> Client::submit
//   wake_fd ──> QSocketNotifier ──> Client::poll ──> the answer that was left for a reply, else event()
//
// Everything happens on the thread of the widgets; godwit has its own and never calls in here.
#pragma once

#include <godwit/client.hpp>

#include <QObject>
#include <QPointer>
#include <QSocketNotifier>
#include <QString>

#include <functional>
#include <map>
#include <memory>
#include <vector>

class Session : public QObject {
    Q_OBJECT
public:
    using Answer = std::function<void(const godwit::event::Reply&)>;
    using Steps = std::function<void(const godwit::event::ViewChanged&)>;

    explicit Session(std::unique_ptr<godwit::Client> client);

    /// `answer` is called if `context` still lives then; without one, only what goes wrong is told, by failed().
    void ask(godwit::Request request, QObject* context = nullptr, Answer answer = {});
    /// A live list: `steps` gets how it changes, first of all what is in it, as long as `context` lives. Of one context
    /// the watch before ends.
    void watch(godwit::request::Watch what, QObject* context, Steps steps);

    [[nodiscard]] godwit::Client& client() { return *client_; }
    /// As the relay knows this account; empty: none yet.
    [[nodiscard]] QString own_name() const { return own_; }
    void set_own_name(const QString& name);
    [[nodiscard]] bool connected() const { return connected_; }

signals:
    /// Any that is no reply and no step of a live list.
    void event(const godwit::Event& event);
    /// Of a request that nobody waits for the answer of.
    void failed(const godwit::Error& error);
    void own_name_changed();

private:
    struct Waiting {
        QPointer<QObject> context;
        bool has_context = false;
        Answer answer;
    };
    struct Watching {
        QPointer<QObject> context;
        std::shared_ptr<Steps> steps;
    };
    void take_events();
    void take(const godwit::event::Reply& reply);
    void take(const godwit::event::ViewChanged& change);
    void unwatch(const QObject* context);

    std::unique_ptr<godwit::Client> client_;
    std::unique_ptr<QSocketNotifier> wake_;
    std::map<godwit::RequestId, Waiting> waiting_;
    std::map<std::uint64_t, Watching> watching_;
    /// What a list told before its number was known.
    std::map<std::uint64_t, std::vector<godwit::event::ViewChanged>> early_;
    /// Contexts whose newest watch has no number yet: only that one counts.
    std::map<const QObject*, godwit::RequestId> asked_;
    QString own_;
    bool connected_ = false;
};
