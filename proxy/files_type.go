package proxy

import (
	"mime"
	"strings"
)

// types are those of what a home serves, by extension. They come before the
// system's table, which is another one on each machine and missing on most
// small ones: the same folder is to look the same everywhere.
var types = map[string]string{
	".7z": "application/x-7z-compressed", ".aac": "audio/aac", ".apk": "application/vnd.android.package-archive",
	".atom": "application/atom+xml", ".avif": "image/avif", ".bin": "application/octet-stream", ".bmp": "image/bmp",
	".bz2": "application/x-bzip2", ".css": "text/css", ".csv": "text/csv", ".deb": "application/vnd.debian.binary-package",
	".dmg": "application/octet-stream", ".epub": "application/epub+zip", ".exe": "application/octet-stream",
	".flac": "audio/flac", ".geojson": "application/geo+json", ".gif": "image/gif", ".gz": "application/gzip",
	".heic": "image/heic", ".htm": "text/html", ".html": "text/html", ".ico": "image/x-icon", ".ics": "text/calendar",
	".img": "application/octet-stream", ".iso": "application/octet-stream", ".jpeg": "image/jpeg", ".jpg": "image/jpeg",
	".js": "text/javascript", ".json": "application/json", ".jsonld": "application/ld+json", ".log": "text/plain",
	".m3u8": "application/vnd.apple.mpegurl", ".m4a": "audio/mp4", ".m4v": "video/mp4", ".map": "application/json",
	".md": "text/markdown", ".mjs": "text/javascript", ".mkv": "video/x-matroska", ".mov": "video/quicktime",
	".mp3": "audio/mpeg", ".mp4": "video/mp4", ".mpeg": "video/mpeg", ".mpg": "video/mpeg", ".oga": "audio/ogg",
	".ogg": "audio/ogg", ".ogv": "video/ogg", ".opus": "audio/ogg", ".otf": "font/otf", ".pdf": "application/pdf",
	".png": "image/png", ".rss": "application/rss+xml", ".rtf": "application/rtf", ".sh": "text/plain",
	".svg": "image/svg+xml", ".tar": "application/x-tar", ".tif": "image/tiff", ".tiff": "image/tiff",
	".toml": "application/toml", ".ts": "video/mp2t", ".ttf": "font/ttf", ".txt": "text/plain", ".vcf": "text/vcard",
	".vtt": "text/vtt", ".wasm": "application/wasm", ".wav": "audio/wav", ".weba": "audio/webm", ".webm": "video/webm",
	".webmanifest": "application/manifest+json", ".webp": "image/webp", ".woff": "font/woff", ".woff2": "font/woff2",
	".xhtml": "application/xhtml+xml", ".xml": "application/xml", ".xz": "application/x-xz", ".yaml": "application/yaml",
	".yml": "application/yaml", ".zip": "application/zip", ".zst": "application/zstd",
}

// fileType is the media type of a file.
func fileType(ext string) string {
	if kind := pageType(ext, ""); kind != "" {
		return kind
	}
	if kind := mime.TypeByExtension(ext); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// pageType is the media type of what has no file, by its extension, else other.
// Text is taken for UTF-8.
func pageType(ext, other string) string {
	kind := types[strings.ToLower(ext)]
	if kind == "" {
		kind = other
	}
	if strings.HasPrefix(kind, "text/") && !strings.Contains(kind, ";") {
		kind += "; charset=utf-8"
	}
	return kind
}
