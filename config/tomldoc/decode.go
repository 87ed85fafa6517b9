package tomldoc

import toml "github.com/pelletier/go-toml/v2"

// decode is the judge of every edit: what the text means to the library that
// has no part in editing it. src has no BOM.
func decode(src []byte) (map[string]any, error) {
	m := map[string]any{}
	err := toml.Unmarshal(src, &m)
	return m, err
}
