package certs

// names is an immutable table of who answers for a host.
type names struct {
	hosts map[string]choice
}

// choice gives the certificate of one want.
type choice struct {
	Want
	issuer *issuer // of ACME
	above  *issuer // of the wildcard over the host; nil for none
	pair   *pair   // of File
}

func (n *names) find(host string) (choice, bool) {
	if c, ok := n.hosts[host]; ok {
		return c, true
	}
	for suffix := parent(host); suffix != ""; suffix = parent(suffix[2:]) {
		if c, ok := n.hosts[suffix]; ok {
			return c, true
		}
	}
	c, ok := n.hosts["*"]
	return c, ok
}

// tabulate settles where each name's certificate comes from. The caller holds
// mu.
func (k *Keeper) tabulate() {
	table := &names{hosts: map[string]choice{}}
	issuers := map[string]*issuer{}
	for _, w := range k.plan.Wants {
		w = k.settled(w)
		c := choice{Want: w, pair: k.pairs[w.Pair]}
		if w.Kind == ACME && k.plan.Authority != nil {
			c.issuer = k.issuerOf(w.Host, k.plan.Authority)
			issuers[w.Host] = c.issuer
		}
		table.hosts[w.Host] = c
	}
	for host, c := range table.hosts {
		if c.issuer != nil && !isWildcard(host) {
			c.above = issuers[parent(host)]
			table.hosts[host] = c
		}
	}
	for host, i := range k.issuers {
		if issuers[host] != i {
			i.retire()
		}
	}
	k.issuers = issuers
	k.names.Store(table)
	k.memory.keepOnly(issuers)
}

// settled gives a want whose kind nobody said to the pair that is for its host.
func (k *Keeper) settled(w Want) Want {
	if !w.Usual {
		return w
	}
	for _, p := range k.plan.Pairs {
		if k.pairs[p.Name].isFor(w.Host, p.Hosts) {
			w.Kind, w.Pair = File, p.Name
			break
		}
	}
	return w
}

// issuerOf keeps the issuer of a name whose authority is the same. A new one
// begins with what is on disk, or with what the old one has from the same
// directory: visitors notice nothing of an edit.
func (k *Keeper) issuerOf(host string, a *Authority) *issuer {
	old := k.issuers[host]
	if old != nil && same(old.authority, a) {
		return old
	}
	i := newIssuer(k, host, a)
	if old != nil && i.cert.Load() == nil && old.authority.Directory == a.Directory {
		i.cert.Store(old.cert.Load())
		i.byDNS = true // no manager of autocert's renews it
	}
	return i
}

func same(a, b *Authority) bool {
	x, y := *a, *b
	x.EAB, y.EAB = nil, nil
	return x == y && (a.EAB == nil) == (b.EAB == nil) && (a.EAB == nil || a.EAB.KID == b.EAB.KID && string(a.EAB.Key) == string(b.EAB.Key))
}
