// Package quietterm keeps a program that links Bubble Tea from asking the
// terminal anything before main runs.
//
// Danger: an init function of github.com/charmbracelet/bubbletea v1 asks the
// terminal for its background colour and waits up to 5 seconds for a reply. A
// terminal that stays mute (a serial line, a hall display, a script's pty)
// would delay even "portico version", and a reply that comes late would be
// read as keys.
//
// Cure: the answer is set here first. Go initialises packages by import path
// as soon as their imports are done, so this package, whose path begins with
// "forge.home.arpa", runs before any below "github.com". It must therefore
// import nothing but lipgloss, and must not move to a path that sorts later.
//
// Whoever links Bubble Tea must link this package: tui does, so importing tui
// is enough; a command that imports Bubble Tea by itself imports quietterm for
// its effect. The console colours its own text, so the answer is not used.
package quietterm

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
