package tui

import (
	"fmt"
	"net"
	"strings"
	"time"

	"forge.home.arpa/portico/proxy/record"
)

type requestColumn = column[record.Row]

// columnSet is a choice of columns of requests; v goes from one to the next.
type columnSet uint8

const (
	usual       columnSet = iota
	whoAndWhere           // client and upstream before the path
	columnSets
)

// columns gives the columns of the set, the first ones first to stay.
func (s columnSet) columns(m *model, rows []record.Row, w int) []requestColumn {
	cols := requestColumns(m, rows, w)
	if s == usual {
		return cols
	}
	for i := range cols {
		switch c := &cols[i]; c.title {
		case "IP", "UP":
			c.rank = 2
		case "HOST", "PATH":
			c.width = 12
		}
	}
	return cols
}

func requestColumns(m *model, rows []record.Row, w int) []requestColumn {
	when := timeColumn(m, rows, w)
	host, path := 9, 12
	switch left := w - when.width; { // so wide they should be before other columns come beside them
	case left >= 88:
		host, path = 16, 30
	case left >= 58:
		host, path = 14, 26
	case left >= 52:
		host, path = 14, 19
	}
	return []requestColumn{
		when,
		{title: "ST", width: 4, rank: 1, fixed: true, cell: statusCell},
		{title: "MS", width: 4, rank: 3, right: true, cell: func(r *record.Row) span {
			return span{plain, shortDuration(r.Total)}
		}},
		{title: "M", width: 4, grow: 1, most: 7, rank: 6, cell: func(r *record.Row) span {
			return span{plain, r.Method.String()}
		}},
		{title: "HOST", width: host, grow: 3, most: 28, rank: 4, cell: func(r *record.Row) span {
			return span{plain, r.Host.String()}
		}},
		{title: "PATH", width: path, grow: 8, rank: 2, cell: func(r *record.Row) span {
			return span{plain, maskQuery(r.Path.String())}
		}},
		{title: "IP", width: 15, grow: 1, most: 39, rank: 7, cell: func(r *record.Row) span {
			return span{plain, clientAddress(r)}
		}},
		{title: "ROUTE", width: 8, grow: 1, most: 16, rank: 8, cell: func(r *record.Row) span {
			return span{plain, dash(r.Route)}
		}},
		{title: "UP", width: 10, grow: 2, most: 24, rank: 9, cell: upstreamCell},
		{title: "BYTES", width: 5, rank: 10, right: true, cell: func(r *record.Row) span {
			return span{plain, shortBytes(r.BytesOut)}
		}},
	}
}

// timeColumn shows as much of the time as there is room for, and the date as
// soon as one of the rows is not of today.
func timeColumn(m *model, rows []record.Row, w int) requestColumn {
	layout := "15:04"
	switch {
	case w >= 100:
		layout = "15:04:05.000"
	case w >= 60:
		layout = "15:04:05"
	}
	now := m.o.Now()
	for i := range rows {
		if !sameDay(started(&rows[i], now), now) {
			layout = "01-02 " + layout
			break
		}
	}
	return requestColumn{title: "TIME", width: len(layout), rank: 0, fixed: true, cell: func(r *record.Row) span {
		return span{plain, started(r, now).Format(layout)}
	}}
}

// started is when the request began, in the person's time zone.
func started(r *record.Row, now time.Time) time.Time {
	return time.Unix(0, r.Start).In(now.Location())
}

func sameDay(a, b time.Time) bool { return a.Format(time.DateOnly) == b.Format(time.DateOnly) }

// statusCell is the status, with ! where the answer broke off.
func statusCell(r *record.Row) span {
	s := span{plain, fmt.Sprintf("%03d", r.Status)}
	switch {
	case r.Status >= 500:
		s.tone = bad
	case r.Status >= 400:
		s.tone = warn
	case r.Status == 0:
		s = span{bad, "---"}
	}
	if r.Aborted {
		s.tone = bad
		s.s += "!"
	}
	return s
}

func clientAddress(r *record.Row) string {
	if !r.Client.IsValid() {
		return "-"
	}
	return r.Client.Unmap().String()
}

func upstreamCell(r *record.Row) span {
	switch {
	case r.Rule != "":
		return span{warn, r.Rule}
	case r.Upstream == "":
		return span{plain, "-"}
	}
	up := address(r.Upstream)
	if host, port, err := net.SplitHostPort(up); err == nil && port == "80" {
		up = host
	}
	return span{plain, strings.TrimSuffix(up, "/")}
}

func failureColumns(m *model, rows []record.Row) []requestColumn {
	const narrow = 0 // the pane has no room for seconds
	return []requestColumn{
		timeColumn(m, rows, narrow),
		{title: "ST", width: 4, rank: 0, cell: statusCell},
		{title: "HOST", width: 8, grow: 1, most: 24, rank: 2, cell: func(r *record.Row) span { return span{plain, r.Host.String()} }},
		{title: "WHY", width: 12, grow: 1, most: 24, rank: 1, cell: func(r *record.Row) span { return span{plain, shortCause(r)} }},
		{title: "PATH", width: 8, grow: 2, rank: 3, cell: func(r *record.Row) span { return span{plain, maskQuery(r.Path.String())} }},
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
