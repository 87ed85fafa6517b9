package main

import (
	"context"

	"forge.home.arpa/portico/ddns"
	"forge.home.arpa/portico/proxy"
)

// locks are the names and certificates as the console sees them.
type locks struct{ *service }

func (l locks) Certificates() []proxy.CertificateStatus { return l.server.Certificates() }
func (l locks) Names() ddns.Status                      { return l.ddns.Status() }
func (l locks) TryCertificate(host string) error        { return l.server.CertificateNow(host) }

func (l locks) Publish(ctx context.Context, table string) error { return l.ddns.Update(ctx, table) }
