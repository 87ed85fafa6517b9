package main

import (
	"context"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
	"forge.home.arpa/portico/tui"
)

// locks are the names and certificates as the console sees them.
type locks struct{ *service }

func (l locks) Certificates() []proxy.CertificateStatus { return l.server.Certificates() }
func (l locks) Names() ddns.Status                      { return l.ddns.Status() }
func (l locks) TryCertificate(host string) error        { return l.server.CertificateNow(host) }

func (l locks) Publish(ctx context.Context, table string) error { return l.ddns.Update(ctx, table) }

// Leads asks what doctor asks of the DNS.
func (l locks) Leads(ctx context.Context, host string) tui.Leading {
	e := &examination{config: l.store.Current().Config, server: l.server, ddns: l.ddns, running: true}
	e.address(ctx)
	f := e.host(ctx, host)
	return tui.Leading{Here: f.Color == green, Says: f.Says, Do: f.Do}
}
