package proxy

import (
	"bytes"
	"strconv"
	"sync"

	"forge.home.arpa/portico/assets"
	"forge.home.arpa/portico/proxy/http1"
)

var pages sync.Map // status → []byte, at most one for each status we answer

// errorPage is what a visitor is shown: the status and its words, nothing of
// the inside.
func errorPage(status int) []byte {
	if page, ok := pages.Load(status); ok {
		return page.([]byte)
	}
	page := bytes.ReplaceAll(assets.ErrorPage, []byte("{status}"), strconv.AppendInt(nil, int64(status), 10))
	page = bytes.ReplaceAll(page, []byte("{words}"), []byte(http1.StatusText(status)))
	pages.Store(status, page)
	return page
}
