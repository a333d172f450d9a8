// SPDX-License-Identifier: Apache-2.0
// A row of two lines: a name and what is new of it; for conversations and contacts.
#pragma once

#include <QStyledItemDelegate>

#include <functional>
#include <optional>

struct Row {
    QString title, right, detail;
    int badge = 0;            ///< Unread; 0: none.
    std::optional<bool> live; ///< A dot: online or not; none.
    bool quiet = false;       ///< Muted: its badge is grey.
};

class RowDelegate : public QStyledItemDelegate {
    Q_OBJECT
public:
    using Find = std::function<Row(int row)>;
    RowDelegate(Find find, QObject* parent) : QStyledItemDelegate(parent), find_(std::move(find)) {}
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

private:
    Find find_;
};
