// SPDX-License-Identifier: Apache-2.0
// What may be done with a message: its menu, and what a click on a file does.
#include "chat_view.hpp"

#include "words.hpp"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QListView>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QStandardPaths>

namespace request = godwit::request;

void ChatView::activate(const godwit::Message& message)
{
    const auto* attachment = std::get_if<godwit::content::Attachment>(&message.body);
    if (attachment == nullptr || message.recalled_ms != 0) return;
    const auto id = attachment->file.id;
    const auto* known = delegate_->file(id);
    if (known == nullptr || known->state == godwit::FileState::known) return session_.ask(request::FileFetch{id});
    if (known->state == godwit::FileState::paused) return session_.ask(request::FileResume{id});
    if (known->state != godwit::FileState::whole) return;
    // The name comes from somebody else; godwit has made it harmless (FileInfo::name).
    auto* dialog =
        new QFileDialog(this, tr("Save file"), QStandardPaths::writableLocation(QStandardPaths::DownloadLocation));
    dialog->setObjectName(QStringLiteral("save_dialog"));
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(Words::of(known->name));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::fileSelected, this,
            [this, id](const QString& path) { session_.ask(request::FileSave{id, path.toStdString(), true}); });
    dialog->open(); // what comes meanwhile is shown
}

void ChatView::menu(const QPoint& at)
{
    const auto* found = messages_->at(list_->indexAt(at).row());
    if (found == nullptr) return;
    const auto message = *found; // the list may change under an open menu
    const bool own = message.from == session_.own_name().toStdString(), gone = message.recalled_ms != 0;
    QMenu menu(this);
    const auto add = [&](const QString& text, bool on, auto act) {
        auto* action = menu.addAction(text);
        action->setEnabled(on);
        connect(action, &QAction::triggered, this, act);
    };
    add(tr("Copy"), !gone && !message.text.empty(),
        [message] { QApplication::clipboard()->setText(Words::of(message.text)); });
    add(tr("Answer"), !gone, [this, message] {
        cancel_pending();
        answers_ = message;
        set_pending();
        line_->setFocus();
    });
    for (const auto* emoji : {"👍", "❤"})
        add(QString::fromUtf8(emoji), !gone, [this, message, emoji] {
            bool on = true;
            for (const auto& one : message.reactions)
                for (const auto& user : one.users)
                    if (one.emoji == emoji && user == session_.own_name().toStdString()) on = false;
            session_.ask(request::React{message.id, emoji, on});
        });
    menu.addSeparator();
    add(tr("Write anew"), own && !gone && std::holds_alternative<godwit::content::Text>(message.body), [this, message] {
        cancel_pending();
        edits_ = message;
        line_->setPlainText(Words::of(message.text));
        set_pending();
        line_->setFocus();
    });
    add(tr("Take back"), own && !gone, [this, message] { session_.ask(request::Recall{message.id}); });
    add(tr("Remove from my devices"), true, [this, message] { session_.ask(request::RemoveMessages{{message.id}}); });
    if (const auto* attachment = std::get_if<godwit::content::Attachment>(&message.body)) {
        const auto* known = delegate_->file(attachment->file.id);
        add(tr("Pause the file"), known != nullptr && known->state == godwit::FileState::fetching,
            [this, id = attachment->file.id] { session_.ask(request::FilePause{id}); });
    }
    menu.addSeparator();
    add(tr("Which way it went …"), own, [this, message] { show_deliveries(message); });
    menu.exec(list_->viewport()->mapToGlobal(at));
}

void ChatView::show_deliveries(const godwit::Message& message)
{
    session_.ask(request::Deliveries{message.id}, this, [this, message](const godwit::event::Reply& reply) {
        const auto* reports = std::get_if<std::vector<godwit::DeliveryReport>>(&reply.value);
        if (reports == nullptr) return emit session_.failed(reply.error);
        QString text;
        for (const auto& one : *reports)
            text += tr("%1: %2, %3")
                        .arg(one.user.empty() ? tr("the relay") : Words::of(one.user), Words::state(one.state),
                             Words::path(one.path)) +
                    QLatin1Char('\n');
        if (!message.path_reason.empty()) text += Words::of(message.path_reason);
        auto* box = new QMessageBox(QMessageBox::NoIcon, tr("Which way it went"), text, QMessageBox::Close, this);
        box->setTextFormat(Qt::PlainText);
        box->setAttribute(Qt::WA_DeleteOnClose);
        box->open();
    });
}
