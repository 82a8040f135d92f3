import Crypto
import Foundation
import Hummingbird

/// The style sheet, the script and the icon. Their names change with what is in them, so that browsers keep them for
/// good and still never use old ones.
struct PageAssets: Sendable {
    struct Asset: Sendable {
        let path: String
        fileprivate let contentType: String
        fileprivate let bytes: [UInt8]

        fileprivate init(_ name: String, _ suffix: String, _ contentType: String, _ bytes: [UInt8]) {
            let digest = SHA256.hash(data: bytes).prefix(6).map { String(format: "%02x", $0) }.joined()
            path = "/assets/\(name)-\(digest).\(suffix)"
            self.contentType = contentType
            self.bytes = bytes
        }
    }

    let style = Asset("dashboard", "css", "text/css; charset=utf-8", PackageResources.dashboard_css)
    let script = Asset("dashboard", "js", "text/javascript; charset=utf-8", PackageResources.dashboard_js)
    let icon = Asset("icon", "svg", "image/svg+xml", PackageResources.icon_svg)

    /// - Returns: `nil` if there is no such file.
    func response(_ name: String) -> Response? {
        guard let asset = [style, script, icon].first(where: { $0.path == "/assets/\(name)" }) else { return nil }
        return Response(
            status: .ok,
            headers: [.contentType: asset.contentType, .cacheControl: "public, max-age=31536000, immutable"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }
}
