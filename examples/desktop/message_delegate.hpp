// SPDX-License-Identifier: Apache-2.0
// How one message looks: a bubble on its author's side; under its text when, by which path, and how far it has come.
#pragma once

#include <godwit/client.hpp>

#include <QStyledItemDelegate>

#include <functional>
#include <map>
#include <memory>
#include <vector>

class MessageDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using Find = std::function<const godwit::Message*(int row)>;
    MessageDelegate(Find find, QObject* parent) : QStyledItemDelegate(parent), find_(std::move(find)) {}

    void set_own_name(const QString& name) { own_ = name.toStdString(); }
    /// How far files are that messages refer to.
    void set_file(const godwit::FileInfo& file) { files_[file.id] = file; }
    [[nodiscard]] const godwit::FileInfo* file(const godwit::FileId& id) const;
    /// Everything up to this message was read by the other side.
    void set_read(const godwit::MessageId& up_to) { read_ = up_to; }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    bool helpEvent(QHelpEvent* event, QAbstractItemView* view, const QStyleOptionViewItem& option,
                   const QModelIndex& index) override;

private:
    struct Part;
    [[nodiscard]] bool own(const godwit::Message& message) const;
    [[nodiscard]] std::vector<Part> parts(const godwit::Message& message, const QStyleOptionViewItem& option,
                                          double width) const;
    [[nodiscard]] QString foot(const godwit::Message& message) const;
    [[nodiscard]] QString file_text(const godwit::content::FileRef& file) const;

    Find find_;
    std::string own_;
    std::map<godwit::FileId, godwit::FileInfo> files_;
    godwit::MessageId read_{};
};
