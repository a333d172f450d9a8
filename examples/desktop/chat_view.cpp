// SPDX-License-Identifier: Apache-2.0
#include "chat_view.hpp"

#include "words.hpp"

#include <QApplication>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTimer>
#include <QUrl>
#include <QVBoxLayout>

namespace request = godwit::request;

namespace {
/// request::Typing is to be repeated every five seconds while it lasts.
constexpr int typing_every_ms = 4'000;
constexpr std::uint32_t page = 100;

QLabel* plain_label(const char* name)
{
    auto* label = new QLabel;
    label->setObjectName(QLatin1String(name));
    label->setTextFormat(Qt::PlainText); // what others wrote is no markup
    return label;
}
} // namespace

ChatView::ChatView(Session& session, QWidget* parent) : QWidget(parent), session_(session)
{
    messages_ = new LiveList<godwit::Message>(&Words::summary, this);
    delegate_ = new MessageDelegate([this](int row) { return messages_->at(row); }, this);
    list_ = new QListView;
    list_->setObjectName(QStringLiteral("messages"));
    list_->setModel(messages_);
    list_->setItemDelegate(delegate_);
    list_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list_->setContextMenuPolicy(Qt::CustomContextMenu);
    list_->setResizeMode(QListView::Adjust);
    list_->setFrameShape(QFrame::NoFrame);

    title_ = plain_label("title");
    auto bold = title_->font();
    bold.setBold(true);
    bold.setPointSizeF(bold.pointSizeF() * 1.2);
    title_->setFont(bold);
    about_ = plain_label("about");
    typing_ = plain_label("typing");
    pending_ = plain_label("pending");
    safety_ = new QPushButton;
    safety_->setObjectName(QStringLiteral("safety"));
    call_ = new QPushButton;
    call_->setObjectName(QStringLiteral("call"));
    video_ = new QPushButton;
    video_->setObjectName(QStringLiteral("video"));
    attach_ = new QPushButton;
    attach_->setObjectName(QStringLiteral("attach"));
    send_ = new QPushButton;
    send_->setObjectName(QStringLiteral("send"));
    cancel_ = new QPushButton(QStringLiteral("✕"));
    cancel_->setFlat(true);
    line_ = new QPlainTextEdit;
    line_->setObjectName(QStringLiteral("line"));
    line_->setFixedHeight(line_->fontMetrics().lineSpacing() * 3 + 12);
    line_->setTabChangesFocus(true);
    line_->installEventFilter(this);
    setAcceptDrops(true);

    auto* head = new QHBoxLayout;
    auto* names = new QVBoxLayout;
    names->setSpacing(1);
    names->addWidget(title_);
    names->addWidget(about_);
    head->addLayout(names, 1);
    head->addWidget(safety_);
    head->addWidget(call_);
    head->addWidget(video_);
    auto* pending = new QHBoxLayout;
    pending->addWidget(pending_, 1);
    pending->addWidget(cancel_);
    auto* foot = new QHBoxLayout;
    foot->addWidget(attach_);
    foot->addWidget(line_, 1);
    foot->addWidget(send_);
    auto* all = new QVBoxLayout(this);
    all->addLayout(head);
    all->addWidget(list_, 1);
    all->addWidget(typing_);
    all->addLayout(pending);
    all->addLayout(foot);

    quiet_ = new QTimer(this);
    quiet_->setSingleShot(true);
    typing_over_ = new QTimer(this);
    typing_over_->setSingleShot(true);
    connect(typing_over_, &QTimer::timeout, typing_, &QLabel::clear);
    connect(line_, &QPlainTextEdit::textChanged, this, [this] { written(); });
    connect(send_, &QPushButton::clicked, this, [this] { send(); });
    connect(cancel_, &QPushButton::clicked, this, [this] { cancel_pending(); });
    connect(attach_, &QPushButton::clicked, this, [this] {
        const auto path = QFileDialog::getOpenFileName(this);
        if (!path.isEmpty()) send_file(path);
    });
    connect(safety_, &QPushButton::clicked, this, [this] { emit safety_wanted(Words::of(shown_->with)); });
    connect(call_, &QPushButton::clicked, this, [this] { emit call_wanted(here(), false); });
    connect(video_, &QPushButton::clicked, this, [this] { emit call_wanted(here(), true); });
    connect(list_, &QListView::clicked, this, [this](const QModelIndex& index) {
        if (const auto* message = messages_->at(index.row())) activate(*message);
    });
    connect(list_, &QListView::customContextMenuRequested, this, [this](const QPoint& at) { menu(at); });
    // A list that is at its end stays there, whatever comes; one that is being read stays where it is.
    connect(list_->verticalScrollBar(), &QScrollBar::rangeChanged, this, [this] { stay_at_end(); });
    connect(list_->verticalScrollBar(), &QScrollBar::valueChanged, this, [this](int value) {
        follow_ = at_end();
        // The beginning of what is loaded: a longer list of the same.
        if (value == 0 && messages_->rowCount() == static_cast<int>(limit_) && limit_ < request::history_limit_max) {
            limit_ = std::min(limit_ + page, request::history_limit_max);
            watch();
        }
    });
    connect(&session_, &Session::own_name_changed, this, [this] { delegate_->set_own_name(session_.own_name()); });
    delegate_->set_own_name(session_.own_name());
    cancel_pending();
    retranslate();
    leave();
}

void ChatView::show_conversation(const godwit::Conversation& conversation)
{
    const bool same = shown_ && shown_->id == conversation.id;
    if (same) {
        shown_ = conversation;
    } else {
        leave();
        shown_ = conversation;
        follow_ = true;
        limit_ = page;
        watch();
        session_.ask(request::Files{}, this, [this](const godwit::event::Reply& reply) {
            if (const auto* files = std::get_if<std::vector<godwit::FileInfo>>(&reply.value))
                for (const auto& file : *files)
                    delegate_->set_file(file);
            messages_->repaint();
        });
        line_->setPlainText(Words::of(conversation.draft));
        line_->setFocus();
    }
    for (const auto& read : conversation.read_by)
        if (read.user == conversation.with) delegate_->set_read(read.up_to);
    setEnabled(true);
    show_head();
    mark_read();
}

void ChatView::watch()
{
    request::Watch what;
    what.what = request::Watch::What::messages;
    what.where = here();
    what.limit = limit_;
    session_.watch(std::move(what), messages_, [this, first = true](const godwit::event::ViewChanged& change) mutable {
        if (first) messages_->clear();
        first = false;
        messages_->apply(change);
        if (follow_) stay_at_end();
        if (reveal_) reveal(*reveal_);
        mark_read();
    });
}

void ChatView::reveal(const godwit::MessageId& id)
{
    reveal_ = id;
    if (select(id)) return reveal_.reset();
    if (limit_ == request::history_limit_max || messages_->rowCount() < static_cast<int>(limit_)) return;
    limit_ = request::history_limit_max;
    watch();
}

void ChatView::set_contact(const godwit::Contact& contact)
{
    if (!shown_ || shown_->with != contact.user) return;
    contact_ = contact;
    show_head();
}

void ChatView::leave()
{
    if (shown_ && !edits_ && line_->toPlainText() != Words::of(shown_->draft)) {
        request::SetConversation keep;
        keep.where = here();
        keep.draft = line_->toPlainText().toStdString();
        session_.ask(std::move(keep));
    }
    shown_.reset();
    contact_.reset();
    reveal_.reset();
    cancel_pending();
    messages_->clear();
    line_->clear();
    typing_->clear();
    setEnabled(false);
    show_head();
}

void ChatView::show_head()
{
    const bool two = shown_ && shown_->kind == godwit::ConversationKind::direct;
    safety_->setVisible(two);
    const bool group = shown_ && shown_->members > 0 && shown_->members <= godwit::group_direct_members_max;
    call_->setVisible(two || group);
    video_->setVisible((two || group) && has_video_);
    title_->setText(shown_ ? Words::title(*shown_) : QString());
    if (!shown_) return about_->clear();
    QString about;
    if (two && contact_) {
        const auto dot = QStringLiteral(" · ");
        about = (contact_->online ? tr("online") : tr("offline")) + dot;
        about += contact_->path == godwit::Path::none && !contact_->online ? tr("messages wait at the relay")
                                                                           : Words::path(contact_->path);
        about_->setToolTip(Words::of(contact_->path_reason).toHtmlEscaped());
        about += dot + (contact_->key_changed ? tr("KEY CHANGED")
                        : contact_->verified  ? tr("verified ✓")
                                              : tr("not verified"));
    } else if (shown_->members > 0) {
        about = tr("%n member(s)", nullptr, static_cast<int>(shown_->members));
    }
    about_->setText(about);
}

void ChatView::retranslate()
{
    safety_->setText(tr("Safety number"));
    call_->setText(tr("Call"));
    video_->setText(tr("Video call"));
    attach_->setText(tr("File …"));
    send_->setText(tr("Send"));
    line_->setPlaceholderText(tr("Write a message. Enter sends it, Shift+Enter begins a new line."));
    show_head();
    set_pending();
    messages_->repaint();
}

request::Where ChatView::here() const
{
    request::Where where;
    if (!shown_) return where;
    where.with = shown_->with;
    // Of somebody with whom nothing was spoken yet only the name is known.
    if (!shown_->id.is_zero()) where.conversation = shown_->id;
    return where;
}

void ChatView::send()
{
    const auto text = line_->toPlainText();
    if (!shown_ || text.trimmed().isEmpty()) return;
    if (edits_) {
        session_.ask(request::Edit{edits_->id, text.toStdString()});
    } else {
        request::Send send;
        send.to = here().with;
        send.conversation = here().conversation;
        send.text = text.toStdString();
        if (answers_) send.reply_to = answers_->id;
        session_.ask(std::move(send), this, [this, text, where = shown_->id](const godwit::event::Reply& reply) {
            if (reply.error.code == godwit::ErrorCode::ok) return;
            // What was written is not lost by being refused.
            if (shown_ && shown_->id == where && line_->toPlainText().isEmpty()) line_->setPlainText(text);
            emit session_.failed(reply.error);
        });
    }
    follow_ = true;
    cancel_pending();
    line_->clear();
    told_typing_ = false;
    quiet_->stop();
}

void ChatView::send_file(const QString& path)
{
    if (!shown_) return;
    const auto where = here();
    session_.ask(request::FileAdd{path.toStdString(), {}, {}}, this, [this, where](const godwit::event::Reply& reply) {
        const auto* file = std::get_if<godwit::FileInfo>(&reply.value);
        if (file == nullptr) return emit session_.failed(reply.error);
        delegate_->set_file(*file);
        godwit::content::Attachment attachment;
        attachment.file = {file->id, file->size_bytes, file->name, file->media_type, file->key};
        request::Send send;
        send.to = where.with;
        send.conversation = where.conversation;
        send.body = std::move(attachment);
        session_.ask(std::move(send));
    });
}

void ChatView::cancel_pending()
{
    if (edits_) line_->clear();
    answers_.reset();
    edits_.reset();
    set_pending();
}

void ChatView::set_pending()
{
    if (edits_)
        pending_->setText(tr("writing anew: %1").arg(Words::summary(*edits_)));
    else if (answers_)
        pending_->setText(tr("answering %1: %2").arg(Words::of(answers_->from), Words::summary(*answers_)));
    else
        pending_->clear();
    pending_->setVisible(answers_ || edits_);
    cancel_->setVisible(answers_ || edits_);
}

void ChatView::written()
{
    if (!shown_ || edits_) return;
    const bool writes = !line_->toPlainText().isEmpty() && line_->hasFocus();
    if (writes == told_typing_ && (!writes || quiet_->isActive())) return;
    told_typing_ = writes;
    quiet_->start(typing_every_ms);
    session_.ask(request::Typing{here(), writes}, this, [](const godwit::event::Reply&) {}); // nobody minds if it fails
}

void ChatView::mark_read()
{
    if (!shown_ || shown_->unread == 0 || !isVisible() || !isActiveWindow()) return;
    request::MarkRead read;
    read.where = here();
    session_.ask(std::move(read));
}

void ChatView::take(const godwit::Event& event)
{
    namespace happened = godwit::event;
    const auto file = [&](const godwit::FileInfo& info) {
        delegate_->set_file(info);
        messages_->repaint();
    };
    if (const auto* progress = std::get_if<happened::FileProgress>(&event)) file(progress->file);
    if (const auto* done = std::get_if<happened::FileDone>(&event)) file(done->file);
    if (const auto* over = std::get_if<happened::FileFailed>(&event)) file(over->file);
    if (!shown_) return;
    if (const auto* typing = std::get_if<happened::TypingChanged>(&event);
        typing != nullptr && typing->conversation == shown_->id) {
        typing_->setText(typing->on ? tr("%1 is writing …").arg(Words::of(typing->user)) : QString());
        typing_over_->start(2 * typing_every_ms);
    }
    if (const auto* read = std::get_if<happened::ReadUpTo>(&event);
        read != nullptr && read->conversation == shown_->id && read->user == shown_->with) {
        delegate_->set_read(read->up_to);
        messages_->repaint();
    }
}

bool ChatView::select(const godwit::MessageId& id)
{
    const int row = messages_->row_of([&](const godwit::Message& message) { return message.id == id; });
    if (row < 0) return false;
    follow_ = false;
    list_->setCurrentIndex(messages_->index(row));
    list_->scrollTo(messages_->index(row), QAbstractItemView::PositionAtCenter);
    return true;
}

bool ChatView::at_end() const
{
    const auto* bar = list_->verticalScrollBar();
    return bar->value() >= bar->maximum() - 4;
}

void ChatView::stay_at_end()
{
    if (follow_) list_->verticalScrollBar()->setValue(list_->verticalScrollBar()->maximum());
}

void ChatView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange) retranslate();
    if (event->type() == QEvent::ActivationChange) mark_read();
    QWidget::changeEvent(event);
}

bool ChatView::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == line_ && event->type() == QEvent::KeyPress) {
        const auto* key = dynamic_cast<QKeyEvent*>(event);
        const bool enter = key != nullptr && (key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter);
        if (enter && !key->modifiers().testFlag(Qt::ShiftModifier)) {
            send();
            return true;
        }
        if (key != nullptr && key->key() == Qt::Key_Escape) cancel_pending();
    }
    return QWidget::eventFilter(watched, event);
}

void ChatView::dragEnterEvent(QDragEnterEvent* event)
{
    if (shown_ && event->mimeData()->hasUrls()) event->acceptProposedAction();
}

void ChatView::dropEvent(QDropEvent* event)
{
    for (const auto& url : event->mimeData()->urls())
        if (url.isLocalFile()) send_file(url.toLocalFile());
}
