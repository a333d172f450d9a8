// SPDX-License-Identifier: Apache-2.0
// One conversation: who it is with and how they are reached, its messages as a live list, and a line to write in.
//
//   show_conversation ──> Watch(messages) ──> LiveList ──> MessageDelegate
//   Enter ──> Send        a file ──> FileAdd, then Send with the attachment        a click on one ──> FileFetch,
//   FileSave
#pragma once

#include "live_list.hpp"
#include "message_delegate.hpp"
#include "session.hpp"

#include <QWidget>

#include <optional>

class QLabel;
class QListView;
class QPlainTextEdit;
class QPushButton;
class QTimer;

class ChatView : public QWidget {
    Q_OBJECT
public:
    explicit ChatView(Session& session, QWidget* parent = nullptr);

    void show_conversation(const godwit::Conversation& conversation);
    /// What is known of who it is with has changed.
    void set_contact(const godwit::Contact& contact);
    /// Nothing is shown any more.
    void leave();
    [[nodiscard]] const std::optional<godwit::Conversation>& conversation() const { return shown_; }
    /// Selects a message of the conversation that is shown, as soon as it is loaded.
    void reveal(const godwit::MessageId& id);
    /// This device has pictures to show in calls.
    void offer_video(bool on) { has_video_ = on; }
    void send_file(const QString& path);
    void take(const godwit::Event& event);

signals:
    void call_wanted(const godwit::request::Where& where, bool video);
    void safety_wanted(const QString& user);

protected:
    void changeEvent(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void retranslate();
    void show_head();
    void watch();
    void send();
    void cancel_pending();
    void set_pending();
    void mark_read();
    void written();
    void activate(const godwit::Message& message);
    void menu(const QPoint& at);
    void show_deliveries(const godwit::Message& message);
    bool select(const godwit::MessageId& id);
    void stay_at_end();
    [[nodiscard]] bool at_end() const;
    [[nodiscard]] godwit::request::Where here() const;

    Session& session_;
    LiveList<godwit::Message>* messages_;
    MessageDelegate* delegate_;
    QListView* list_;
    QLabel *title_, *about_, *typing_, *pending_;
    QPushButton *safety_, *call_, *video_, *attach_, *send_, *cancel_;
    QPlainTextEdit* line_;
    QTimer *quiet_, *typing_over_;
    std::optional<godwit::Conversation> shown_;
    std::optional<godwit::Contact> contact_;
    std::optional<godwit::Message> answers_, edits_; ///< What the line answers to, or writes anew.
    std::optional<godwit::MessageId> reveal_;
    std::uint32_t limit_ = 100;
    bool told_typing_ = false, follow_ = true, has_video_ = false;
};
