package proxy

import (
	"bytes"
	"html"
	"time"

	"forge.home.arpa/portico/assets"
	"forge.home.arpa/portico/config"
	"forge.home.arpa/portico/proxy/network"
)

// maintenance answers 503 with the owner's message to all but some networks.
type maintenance struct {
	allow      *network.Set // nil: nobody passes
	page       []byte
	retryAfter time.Duration
}

func newMaintenance(m *config.Maintenance, allow *network.Set) *maintenance {
	return &maintenance{allow: allow, page: maintenancePage(m.Message), retryAfter: m.RetryAfter}
}

// maintenancePage shows the message as it was written: it is no HTML.
func maintenancePage(message string) []byte {
	return bytes.ReplaceAll(assets.MaintenancePage, []byte("{message}"), []byte(html.EscapeString(message)))
}

func (g *maintenance) judge(q *question) verdict {
	name, in := g.allow.Contains(q.client)
	v := verdict{guard: "maintenance", status: 503, refused: !in, wait: g.retryAfter}
	if v.refused {
		v.answer = g.answer
	}
	if q.visit == nil {
		v.why = inWords(q.client, name, in)
	}
	return v
}

func (g *maintenance) answer(v *visit) {
	if v.isGRPC() { // which shows no pages
		v.fail(503)
		return
	}
	v.reply(503, htmlType, g.page)
}
