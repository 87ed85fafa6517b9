package config

import (
	"bytes"
	"encoding/json"

	"forge.home.arpa/portico/assets"
)

// Schema is the JSON Schema of the configuration file, by which an editor
// completes, explains and checks while one types. It is made of the tables that
// Parse reads with, so it takes whatever Parse takes; what only several keys
// together tell, or the world outside the file, is left to Parse. The same
// build gives the same bytes.
//
// It is of draft 7 and uses no word that draft 4 lacks, because taplo, which
// most editors ask about TOML, is sure of no more. For taplo's sake too nothing
// stands beside a $ref.
func Schema() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(fileSchema()); err != nil {
		panic("the schema cannot be written: " + err.Error())
	}
	return b.Bytes()
}

func fileSchema() schema {
	ns := readNotes(assets.Reference)
	route := ns.explain(tableOf(routeKeys), "route").Properties
	root := ns.explain(closed(map[string]schema{
		"server":   tableOf(serverKeys),
		"acme":     asACME.shape(),
		"cert":     tableByName("", asCert.shape()),
		"ddns":     tableByName("", asDDNS.shape()),
		"networks": tableByName("", asPrefixes.shape()),
		"defaults": refersTo(route),
		"preset":   tableByName("", refersTo(route, "use")),
		"ban":      asBan.shape(),
		"log":      asLog.shape(),
		"alert":    asAlert.shape(),
		"route":    tableByName("", refersTo(route)),
	}), "")
	root.Dialect = "http://json-schema.org/draft-07/schema#"
	root.Title = "The configuration of portico"
	root.Definitions = route
	return root
}

// refersTo is a table with the keys that are defined, but for some.
func refersTo(definitions map[string]schema, except ...string) schema {
	s := closed(map[string]schema{})
	for name := range definitions {
		s.Properties[name] = schema{Ref: "#/definitions/" + name}
	}
	for _, name := range except {
		delete(s.Properties, name)
	}
	return s
}
