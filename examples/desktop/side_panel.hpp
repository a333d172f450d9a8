// SPDX-License-Identifier: Apache-2.0
// What stands on the left: a search over everything, the live list of conversations, that of contacts.
//
//   a row is clicked ──> chosen(conversation)      a hit is clicked ──> chosen, then found(message)
#pragma once

#include "live_list.hpp"
#include "session.hpp"

#include <QWidget>

class QLabel;
class QLineEdit;
class QListView;
class QListWidget;
class QPushButton;
class QStackedWidget;
class QTabWidget;
class QTimer;

class SidePanel : public QWidget {
    Q_OBJECT
public:
    explicit SidePanel(Session& session, QWidget* parent = nullptr);

    /// Begins the live lists: there is an account.
    void begin();
    void take(const godwit::Event& event);
    [[nodiscard]] const godwit::Contact* contact(const std::string& user) const;
    [[nodiscard]] const std::vector<godwit::Contact>& contacts() const { return contacts_->items(); }
    /// The conversation with a contact, also when nothing was said in it yet.
    void open_with(const QString& user);
    void open(const godwit::ConversationId& id);

signals:
    void chosen(const godwit::Conversation& conversation);
    /// One that is in the list is another now.
    void updated(const godwit::Conversation& conversation);
    void contact_changed(const godwit::Contact& contact);
    void found(const godwit::MessageId& message);

protected:
    void changeEvent(QEvent* event) override;

private:
    void retranslate();
    void search();
    void show_hits(const godwit::SearchResults& results);
    void show_requests();
    void told_contacts();
    void contact_menu(const QPoint& at);
    void choose(const godwit::Conversation& conversation);

    Session& session_;
    LiveList<godwit::Conversation>* conversations_;
    LiveList<godwit::Contact>* contacts_;
    std::string asking_; ///< Whose request the bar is about.
    QLineEdit *search_, *new_contact_;
    QStackedWidget* stack_;
    QTabWidget* tabs_;
    QListView *conversation_view_, *contact_view_;
    QListWidget* hits_;
    QPushButton *add_, *accept_, *decline_;
    QLabel* request_;
    QWidget* request_bar_;
    QTimer* search_soon_;
};
