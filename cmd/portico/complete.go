package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"forge.home.arpa/portico/config"
)

// aFile lets the shell complete the name of a file.
func aFile(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// completeFlag says how to complete a flag, which cmd must have.
func completeFlag(cmd *cobra.Command, flag string, how cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, how); err != nil {
		panic(err) // of a flag that is not there
	}
}

// completeRoute names the routes of the file, for a first word.
func (p *places) completeRoute(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return p.routeWords(func(r *config.Route) []string { return []string{r.Name} }), cobra.ShellCompDirectiveNoFileComp
}

// completeEdit names the routes for a first word, then the keys of a route and
// the values that are known of one.
func (p *places) completeEdit(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return p.completeRoute(cmd, args, word)
	}
	if key, _, valued := strings.Cut(word, "="); valued {
		return p.valueWords(key), cobra.ShellCompDirectiveNoFileComp
	}
	return keyWords(word), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// keyWords are the keys in the table that the word has come to: those of
// timeout only behind "timeout.".
func keyWords(word string) (words []string) {
	table := word[:strings.LastIndexByte(word, '.')+1]
	for _, k := range config.RouteKeys() {
		rest, ok := strings.CutPrefix(k.Name, table)
		if !ok || strings.Contains(rest, ".") {
			continue
		}
		end := "="
		if k.Table {
			end = "."
		}
		words = append(words, cobra.CompletionWithDesc(k.Name+end, k.About))
	}
	return words
}

func (p *places) valueWords(key string) (words []string) {
	for _, k := range config.RouteKeys() {
		if k.Name == key {
			words = k.Words
		}
	}
	if c := p.quietConfig(); c != nil {
		switch key {
		case "use":
			words = append(words, c.Presets...)
		case "allow", "deny":
			words = c.NetworkNames()
		case "cert":
			words = append(words, each(c.Certs, func(c *config.Cert) string { return c.Name })...)
		case "fallback":
			words = append(words, each(c.Routes, func(r *config.Route) string { return r.Name })...)
		}
	}
	return each(words, func(value string) string { return key + "=" + value })
}

// completeTable names the [ddns.NAME] tables of the file, for a first word.
func (p *places) completeTable(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	c := p.quietConfig()
	if c == nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return each(c.DDNS, func(d *config.DDNS) string { return d.Name }), cobra.ShellCompDirectiveNoFileComp
}

// completePreset names the presets of the file.
func (p *places) completePreset(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	c := p.quietConfig()
	if c == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.Presets, cobra.ShellCompDirectiveNoFileComp
}

// completeURL gives the hosts of the routes that are no patterns, for a first
// word.
func (p *places) completeURL(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return p.routeWords(func(r *config.Route) []string {
		return slices.DeleteFunc(slices.Clone(r.Hosts), func(host string) bool { return strings.Contains(host, "*") })
	}), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func (p *places) routeWords(of func(*config.Route) []string) (words []string) {
	c := p.quietConfig()
	if c == nil {
		return nil
	}
	for _, r := range c.Routes {
		words = append(words, of(r)...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// quietConfig is the configuration as far as it can be read: nobody waits for
// an error behind a tab. It asks no running portico, which would take time.
func (p *places) quietConfig() *config.Config {
	path, found, err := p.configFile()
	if err != nil || !found {
		return nil
	}
	text, err := config.ReadFile(path)
	if err != nil {
		return nil
	}
	c, _ := config.ParseFile(path, text)
	return c
}
