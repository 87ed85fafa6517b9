package main

import (
	"encoding/json"
	"testing"
)

func TestSchemaIsPrinted(t *testing.T) {
	r := newHome(t).run("schema")
	var schema struct {
		Properties map[string]any
	}
	if err := json.Unmarshal([]byte(r.out), &schema); err != nil || r.code != 0 || r.err != "" {
		t.Fatalf("exit %d, stderr %q: %v", r.code, r.err, err)
	}
	for _, table := range []string{"server", "route", "preset", "defaults"} {
		if schema.Properties[table] == nil {
			t.Errorf("no word of %s", table)
		}
	}
}

func TestSchemaTakesNoArgument(t *testing.T) {
	if r := newHome(t).run("schema", "route"); r.code != 2 || r.out != "" {
		t.Errorf("exit %d, %d bytes on stdout", r.code, len(r.out))
	}
}
