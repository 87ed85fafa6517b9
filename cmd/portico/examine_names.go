package main

import (
	"fmt"
	"time"

	"forge.home.arpa/portico/proxy"
)

// certFindings judges the certificates; those that are good are one finding.
func certFindings(certs []proxy.CertificateStatus, now time.Time) (list []finding) {
	good, first := 0, time.Time{}
	for _, c := range certs {
		f := finding{Check: "certificate", About: c.Host, Says: c.Why}
		switch c.State(now) {
		case proxy.CertificateExpired:
			f.Color, f.Says = red, joinWords("ended "+c.Until.Local().Format(time.DateOnly), c.Why)
		case proxy.CertificatePending:
			f.Color, f.Says = red, joinWords("there is none yet", c.Why)
			f.Do = "it is tried again by itself when that is mended; portico certs --now " + c.Host + " tries at once"
			if c.Next.After(now) {
				f.Do = fmt.Sprintf("mend that; portico certs --now %s tries at once, else it is tried again at %s", c.Host, c.Next.Local().Format("2006-01-02 15:04"))
			}
		case proxy.CertificateEnding:
			f.Color, f.Says = yellow, joinWords(fmt.Sprintf("ends in %d days", int(c.Until.Sub(now).Hours()/24)), c.Why)
		default:
			good++
			if !c.Until.IsZero() && (first.IsZero() || c.Until.Before(first)) {
				first = c.Until
			}
			continue
		}
		if f.Do == "" {
			f.Do = certRemedy[c.Kind]
		}
		list = append(list, f)
	}
	if good > 0 {
		says := fmt.Sprintf("%d good", good)
		if !first.IsZero() {
			says += ", the first ends " + first.Local().Format(time.DateOnly)
		}
		list = append(list, finding{Check: "certificate", Color: green, Says: says})
	}
	return list
}

var certRemedy = map[string]string{
	"acme": "portico certs says when the next try is, portico certs --now tries at once",
	"file": "renew the files; they are read again by themselves",
}

func joinWords(says, why string) string {
	if why == "" {
		return says
	}
	return says + ": " + why
}

// ddnsFindings judges what the providers said; good names are one finding.
func ddnsFindings(reports []ddnsReport) (list []finding) {
	good := 0
	for _, r := range reports {
		if r.Problem != "" {
			list = append(list, finding{"ddns", r.Name, yellow, r.Problem, "see that this machine is online, or name other sources in [ddns." + r.Name + "]"})
		}
		for _, n := range r.Names {
			f := finding{Check: "ddns", About: n.Name, Says: r.Provider + " says: " + n.Words}
			switch n.State {
			case "ok":
				good++
				continue
			case "stop":
				f.Color, f.Do = red, fmt.Sprintf("mend [ddns.%s]; portico ddns update %s tries again", r.Name, r.Name)
			case "new":
				f.Color, f.Says, f.Do = yellow, "not published yet", "it is under way; portico ddns status says how it goes"
				if r.Problem != "" {
					f.Do = "it waits for the public address"
				}
			default:
				f.Color = yellow
				f.Says += ", asked again " + n.Next.Local().Format("15:04")
				f.Do = "portico ddns update " + r.Name + " asks now"
			}
			list = append(list, f)
		}
	}
	if good > 0 {
		list = append(list, finding{Check: "ddns", Color: green, Says: fmt.Sprintf("%d published", good)})
	}
	return list
}
