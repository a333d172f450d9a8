// SPDX-License-Identifier: Apache-2.0
#include "side_panel.hpp"

#include "row_delegate.hpp"
#include "words.hpp"

#include <QDateTime>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QMenu>
#include <QPushButton>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTimer>
#include <QVBoxLayout>

namespace request = godwit::request;

namespace {

/// A person types: what they have typed is looked for when they pause.
constexpr int search_after_ms = 150;
enum Role { conversation_role = Qt::UserRole, message_role };

template <std::size_t N, class Tag>
QByteArray bytes(const godwit::FixedBytes<N, Tag>& id)
{
    return {reinterpret_cast<const char*>(id.data()), static_cast<qsizetype>(N)};
}
template <class Id>
Id id_of(const QVariant& value)
{
    const auto raw = value.toByteArray();
    return Id::from({reinterpret_cast<const std::uint8_t*>(raw.constData()), static_cast<std::size_t>(raw.size())})
        .value_or(Id{});
}

} // namespace

SidePanel::SidePanel(Session& session, QWidget* parent) : QWidget(parent), session_(session)
{
    conversations_ = new LiveList<godwit::Conversation>(&Words::title, this);
    contacts_ = new LiveList<godwit::Contact>([](const godwit::Contact& one) { return Words::of(one.user); }, this);
    const auto view = [](QAbstractItemModel* model, const char* name) {
        auto* out = new QListView;
        out->setObjectName(QLatin1String(name));
        out->setModel(model);
        out->setFrameShape(QFrame::NoFrame);
        out->setUniformItemSizes(true);
        out->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        return out;
    };
    conversation_view_ = view(conversations_, "conversations");
    contact_view_ = view(contacts_, "contacts");
    contact_view_->setContextMenuPolicy(Qt::CustomContextMenu);

    conversation_view_->setItemDelegate(new RowDelegate(
        [this](int at) {
            Row row;
            const auto* one = conversations_->at(at);
            if (one == nullptr) return row;
            row.title = (one->pinned ? QStringLiteral("★ ") : QString()) + Words::title(*one);
            if (one->last) {
                row.detail = Words::summary(*one->last);
                row.right = Words::when(one->activity_ms);
            }
            if (!one->draft.empty()) row.detail = tr("draft: %1").arg(Words::of(one->draft).simplified());
            row.badge = static_cast<int>(one->unread);
            row.quiet = one->muted_until_ms > QDateTime::currentMSecsSinceEpoch();
            if (const auto* who = contact(one->with)) row.live = who->online;
            return row;
        },
        this));
    contact_view_->setItemDelegate(new RowDelegate(
        [this](int at) {
            Row row;
            const auto* one = contacts_->at(at);
            if (one == nullptr) return row;
            row.title = one->remark.empty() ? Words::of(one->user)
                                            : tr("%1 (%2)").arg(Words::of(one->remark), Words::of(one->user));
            switch (one->state) {
            case godwit::ContactState::requested: row.detail = tr("asked, no answer yet"); break;
            case godwit::ContactState::incoming: row.detail = tr("asks to be your contact"); break;
            case godwit::ContactState::blocked: row.detail = tr("blocked"); break;
            case godwit::ContactState::accepted:
                row.live = one->online;
                row.detail = one->online ? Words::path(one->path) : tr("offline");
                if (one->key_changed) row.right = tr("KEY CHANGED");
                if (one->verified) row.right = QStringLiteral("✓");
                break;
            }
            return row;
        },
        this));

    search_ = new QLineEdit;
    search_->setObjectName(QStringLiteral("search"));
    search_->setClearButtonEnabled(true);
    search_->setMaxLength(static_cast<int>(godwit::search_text_bytes_max / 4));
    hits_ = new QListWidget;
    hits_->setObjectName(QStringLiteral("hits"));
    hits_->setWordWrap(true);
    hits_->setFrameShape(QFrame::NoFrame);
    new_contact_ = new QLineEdit;
    new_contact_->setObjectName(QStringLiteral("new_contact"));
    add_ = new QPushButton;
    add_->setObjectName(QStringLiteral("add"));
    accept_ = new QPushButton;
    accept_->setObjectName(QStringLiteral("accept"));
    decline_ = new QPushButton;
    decline_->setObjectName(QStringLiteral("decline"));
    request_ = new QLabel;
    request_->setTextFormat(Qt::PlainText);
    request_->setWordWrap(true);

    auto* people = new QWidget;
    auto* adding = new QHBoxLayout;
    adding->addWidget(new_contact_, 1);
    adding->addWidget(add_);
    auto* column = new QVBoxLayout(people);
    column->setContentsMargins(0, 6, 0, 0);
    column->addLayout(adding);
    column->addWidget(contact_view_, 1);
    tabs_ = new QTabWidget;
    tabs_->setObjectName(QStringLiteral("tabs"));
    tabs_->setDocumentMode(true);
    tabs_->setUsesScrollButtons(false); // both are always seen
    setMinimumWidth(220);
    tabs_->addTab(conversation_view_, QString());
    tabs_->addTab(people, QString());
    stack_ = new QStackedWidget;
    stack_->addWidget(tabs_);
    stack_->addWidget(hits_);
    request_bar_ = new QWidget;
    request_bar_->setVisible(false);
    auto* bar = new QHBoxLayout(request_bar_);
    bar->setContentsMargins(0, 0, 0, 0);
    bar->addWidget(request_, 1);
    bar->addWidget(accept_);
    bar->addWidget(decline_);
    auto* all = new QVBoxLayout(this);
    all->addWidget(search_);
    all->addWidget(request_bar_);
    all->addWidget(stack_, 1);

    search_soon_ = new QTimer(this);
    search_soon_->setSingleShot(true);
    search_soon_->setInterval(search_after_ms);
    connect(search_soon_, &QTimer::timeout, this, [this] { search(); });
    connect(search_, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (text.trimmed().isEmpty()) stack_->setCurrentWidget(tabs_);
        search_soon_->start();
    });
    connect(search_, &QLineEdit::returnPressed, this, [this] { search(); });
    const auto add = [this] {
        const auto user = new_contact_->text().trimmed();
        if (user.isEmpty()) return;
        session_.ask(request::ContactAdd{user.toStdString()}, this, [this](const godwit::event::Reply& reply) {
            if (reply.error.code != godwit::ErrorCode::ok) return emit session_.failed(reply.error);
            new_contact_->clear();
        });
    };
    connect(add_, &QPushButton::clicked, this, add);
    connect(new_contact_, &QLineEdit::returnPressed, this, add);
    connect(accept_, &QPushButton::clicked, this, [this] { session_.ask(request::ContactAccept{asking_}); });
    connect(decline_, &QPushButton::clicked, this, [this] { session_.ask(request::ContactRemove{asking_}); });
    connect(conversation_view_, &QListView::clicked, this, [this](const QModelIndex& index) {
        if (const auto* one = conversations_->at(index.row())) choose(*one);
    });
    connect(conversation_view_, &QListView::activated, this, [this](const QModelIndex& index) {
        if (const auto* one = conversations_->at(index.row())) choose(*one);
    });
    const auto open_contact = [this](const QModelIndex& index) {
        const auto* one = contacts_->at(index.row());
        if (one != nullptr && one->state == godwit::ContactState::accepted) open_with(Words::of(one->user));
    };
    connect(contact_view_, &QListView::clicked, this, open_contact);
    connect(contact_view_, &QListView::activated, this, open_contact);
    connect(contact_view_, &QListView::customContextMenuRequested, this,
            [this](const QPoint& at) { contact_menu(at); });
    connect(hits_, &QListWidget::itemClicked, this, [this](QListWidgetItem* item) {
        if (item->data(message_role).isNull()) return;
        open(id_of<godwit::ConversationId>(item->data(conversation_role)));
        emit found(id_of<godwit::MessageId>(item->data(message_role)));
    });
    retranslate();
}

void SidePanel::begin()
{
    request::Watch conversations;
    session_.watch(conversations, conversations_,
                   [this, first = true](const godwit::event::ViewChanged& change) mutable {
                       if (std::exchange(first, false)) conversations_->clear();
                       conversations_->apply(change);
                       for (const auto& step : change.steps)
                           if (const auto* one = std::get_if<godwit::Conversation>(&step.item)) emit updated(*one);
                   });
    request::Watch contacts;
    contacts.what = request::Watch::What::contacts;
    session_.watch(contacts, contacts_, [this, first = true](const godwit::event::ViewChanged& change) mutable {
        if (std::exchange(first, false)) contacts_->clear();
        contacts_->apply(change);
        told_contacts();
    });
}

void SidePanel::told_contacts()
{
    for (const auto& one : contacts_->items())
        emit contact_changed(one);
    conversations_->repaint(); // it shows who is online
    show_requests();
}

void SidePanel::show_requests()
{
    const int row =
        contacts_->row_of([](const godwit::Contact& one) { return one.state == godwit::ContactState::incoming; });
    const auto* one = contacts_->at(row);
    request_bar_->setVisible(one != nullptr);
    if (one == nullptr) return;
    asking_ = one->user;
    request_->setText(tr("%1 asks to be your contact").arg(Words::of(one->user)));
}

const godwit::Contact* SidePanel::contact(const std::string& user) const
{
    if (user.empty()) return nullptr;
    return contacts_->at(contacts_->row_of([&](const godwit::Contact& one) { return one.user == user; }));
}

void SidePanel::choose(const godwit::Conversation& conversation)
{
    emit chosen(conversation);
    const int row = conversations_->row_of([&](const godwit::Conversation& one) { return one.id == conversation.id; });
    if (row >= 0) conversation_view_->setCurrentIndex(conversations_->index(row));
}

void SidePanel::open_with(const QString& user)
{
    const auto name = user.toStdString();
    const int row = conversations_->row_of([&](const godwit::Conversation& one) {
        return one.with == name && one.kind == godwit::ConversationKind::direct;
    });
    if (const auto* one = conversations_->at(row)) return choose(*one);
    godwit::Conversation fresh;
    fresh.with = name;
    fresh.title = name;
    choose(fresh);
}

void SidePanel::open(const godwit::ConversationId& id)
{
    const auto is = [id](const godwit::Conversation& one) { return one.id == id; };
    if (const auto* one = conversations_->at(conversations_->row_of(is))) return choose(*one);
    // A hidden one: found by a search all the same.
    session_.ask(request::Conversations{true}, this, [this, is](const godwit::event::Reply& reply) {
        if (const auto* all = std::get_if<std::vector<godwit::Conversation>>(&reply.value))
            for (const auto& one : *all)
                if (is(one)) return choose(one);
    });
}

void SidePanel::search()
{
    search_soon_->stop();
    const auto text = search_->text().trimmed();
    if (text.isEmpty()) return;
    request::Search what;
    what.text = text.toStdString();
    session_.ask(std::move(what), this, [this, text](const godwit::event::Reply& reply) {
        if (search_->text().trimmed() != text) return; // something else was typed meanwhile
        if (const auto* results = std::get_if<godwit::SearchResults>(&reply.value))
            show_hits(*results);
        else if (reply.error.code != godwit::ErrorCode::ok)
            show_hits({});
    });
}

void SidePanel::show_hits(const godwit::SearchResults& results)
{
    hits_->clear();
    for (const auto& hit : results.hits) {
        const auto& message = hit.message;
        auto snippet = QByteArray::fromStdString(hit.snippet);
        // From the last on, so that what stands before keeps its place.
        for (auto match = hit.matches.rbegin(); match != hit.matches.rend(); ++match) {
            snippet.insert(static_cast<qsizetype>(match->begin + match->length), "]");
            snippet.insert(static_cast<qsizetype>(match->begin), "[");
        }
        auto* item = new QListWidgetItem(tr("%1, %2: %3")
                                             .arg(Words::of(message.from), Words::when(message.received_ms),
                                                  QString::fromUtf8(snippet).simplified()));
        item->setData(conversation_role, bytes(message.conversation));
        item->setData(message_role, bytes(message.id));
        hits_->addItem(item);
    }
    if (results.hits.empty()) {
        auto* none = new QListWidgetItem(tr("nothing found"));
        none->setFlags(Qt::NoItemFlags);
        hits_->addItem(none);
    }
    stack_->setCurrentWidget(hits_);
}

void SidePanel::contact_menu(const QPoint& at)
{
    const auto* found = contacts_->at(contact_view_->indexAt(at).row());
    if (found == nullptr) return;
    const auto user = found->user;
    QMenu menu(this);
    const auto add = [&](const QString& text, auto make) {
        connect(menu.addAction(text), &QAction::triggered, this, [this, make] { session_.ask(make()); });
    };
    if (found->state == godwit::ContactState::incoming)
        add(tr("Accept"), [user] { return request::ContactAccept{user}; });
    if (found->state == godwit::ContactState::blocked)
        add(tr("Unblock"), [user] { return request::ContactUnblock{user}; });
    else
        add(tr("Block"), [user] { return request::ContactBlock{user}; });
    add(tr("Remove"), [user] { return request::ContactRemove{user}; });
    menu.exec(contact_view_->viewport()->mapToGlobal(at));
}

void SidePanel::take(const godwit::Event& event)
{
    namespace happened = godwit::event;
    // Presence and paths are no part of what is stored, so the live list may not tell them: ask.
    if (std::holds_alternative<happened::Presence>(event) || std::holds_alternative<happened::PathChanged>(event) ||
        std::holds_alternative<happened::Disconnected>(event))
        session_.ask(request::Contacts{}, this, [this](const happened::Reply& reply) {
            const auto* all = std::get_if<std::vector<godwit::Contact>>(&reply.value);
            if (all == nullptr) return;
            contacts_->replace(*all, [](const godwit::Contact& one) { return one.user; });
            told_contacts();
        });
}

void SidePanel::retranslate()
{
    search_->setPlaceholderText(tr("Search messages"));
    new_contact_->setPlaceholderText(tr("User name"));
    add_->setText(tr("Add contact"));
    accept_->setText(tr("Accept"));
    decline_->setText(tr("Decline"));
    tabs_->setTabText(0, tr("Conversations"));
    tabs_->setTabText(1, tr("Contacts"));
    conversations_->repaint();
    contacts_->repaint();
    show_requests();
}

void SidePanel::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange) retranslate();
    QWidget::changeEvent(event);
}
