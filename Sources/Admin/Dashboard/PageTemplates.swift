import Foundation
import Mustache

/// The templates of all pages. They are part of the program.
struct PageTemplates: Sendable {
    /// A page, by the name of its template.
    enum Name: String {
        case fleet
        case devices
        case device
        case signIn
        case refusal
    }

    private let library: MustacheLibrary

    /// - Throws: an error of the template library if a template is wrong.
    init() throws {
        MustacheContentTypes.register(PageText(), named: "PAGE")
        var library = MustacheLibrary()
        for (name, bytes) in Self.texts {
            // Each template says so itself: partial ones do not inherit it.
            // Without the line end of its file: a word may be a template, too.
            let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
            try library.register("{{% CONTENT_TYPE:PAGE}}\(text)", named: name)
        }
        self.library = library
    }

    func render(_ name: Name, _ view: some Sendable) -> String {
        library.render(view, withTemplate: name.rawValue) ?? ""
    }

    /// By name.
    static let texts: [String: [UInt8]] = [
        "fleet": PackageResources.fleet_mustache, "devices": PackageResources.devices_mustache,
        "device": PackageResources.device_mustache, "signIn": PackageResources.signIn_mustache,
        "refusal": PackageResources.refusal_mustache, "top": PackageResources.top_mustache,
        "bottom": PackageResources.bottom_mustache, "moment": PackageResources.moment_mustache,
        "standings": PackageResources.standings_mustache, "names": PackageResources.names_mustache,
        "search": PackageResources.search_mustache,
    ]
}
