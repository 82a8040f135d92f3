import Crypto
import Foundation

/// A plan as one page of HTML that needs nothing else: a picture of the change, and a list of devices to search.
///
/// The page makes no requests; its policy allows its own style sheet and script, named by their digests, and
/// nothing more. The list is data that the script shows piece by piece, so that long ones open at once.
public struct PlanPage: Sendable {
    /// How many devices are listed at most; a browser opens as many in about a second.
    public static let deviceLimit = 100_000
    private static let pieceSize = 1 << 16

    let plan: Plan
    let summary: PlanSummary
    let headline: PlanHeadline
    private let toolVersion: String
    private let deviceLimit: Int

    /// - Parameter toolVersion: of the program that writes.
    public init(_ plan: Plan, toolVersion: String) {
        self.init(plan, toolVersion: toolVersion, deviceLimit: Self.deviceLimit)
    }

    init(_ plan: Plan, toolVersion: String, deviceLimit: Int) {
        self.plan = plan
        summary = plan.actions.summary()
        headline = PlanHeadline(plan, summary)
        self.toolVersion = toolVersion
        self.deviceLimit = deviceLimit
    }

    /// - Parameter write: given the text in pieces.
    /// - Throws: what `write` throws.
    public func write<Failure: Error>(to write: ([UInt8]) throws(Failure) -> Void) throws(Failure) {
        var html = HTMLWriter()
        let list = PlanPageList(plan, limit: deviceLimit)
        html.literal("<!DOCTYPE html>\n")
        html.startTag("html", ["lang": "en"])
        writeHead(&html)
        html.startTag("body")
        html.element("header") { writeHeader(&$0) }
        html.startTag("main")
        writeWarnings(&html)
        writeTiles(&html)
        if !plan.isConverged {
            writePicture(&html)
            writeDrift(&html)
            writeListForm(&html, list)
        }
        html.endTag("main")
        html.element("footer", text: "Planned at \(plan.createdAt) by profilectl \(toolVersion).")
        if !plan.isConverged {
            html.startTag("script", ["type": "application/json", "id": "plan-data"])
            try list.writeData { (json: [UInt8]) throws(Failure) in
                html.json(json)
                guard html.bytes.count > Self.pieceSize else { return }
                try write(html.bytes)
                html.removeAll()
            }
            html.endTag("script")
            html.startTag("script")
            html.literal(file: PackageResources.plan_js)
            html.endTag("script")
        }
        html.endTag("body")
        html.endTag("html")
        html.literal("\n")
        try write(html.bytes)
    }

    private func writeHead(_ html: inout HTMLWriter) {
        html.element("head") { html in
            html.startTag("meta", ["charset": "utf-8"])
            html.startTag(
                "meta",
                [
                    "http-equiv": "Content-Security-Policy",
                    "content": "default-src 'none'; style-src \(Self.digest(PackageResources.plan_css)); "
                        + "script-src \(Self.digest(PackageResources.plan_js)); base-uri 'none'; form-action 'none'",
                ])
            html.startTag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
            html.startTag("meta", ["name": "color-scheme", "content": "light dark"])
            html.startTag("meta", ["name": "referrer", "content": "no-referrer"])
            html.element("title", text: "Plan: \(headline.title)")
            html.startTag("style")
            html.literal(file: PackageResources.plan_css)
            html.endTag("style")
        }
    }

    /// Names a style sheet or a script in a Content-Security-Policy.
    private static func digest(_ file: [UInt8]) -> String {
        "'sha256-\(Data(SHA256.hash(data: file)).base64EncodedString())'"
    }

    private func writeHeader(_ html: inout HTMLWriter) {
        html.element("p", ["class": "kind"], text: "profilectl plan")
        html.element("h1", text: headline.title.prefix(1).uppercased() + headline.title.dropFirst())
        html.element(
            "p", ["class": "summary"],
            text: ([headline.detail] + headline.partial + [headline.unmanaged].compactMap(\.self)).joined(
                separator: " "))
    }

    private func writeWarnings(_ html: inout HTMLWriter) {
        let warnings =
            plan.largeChanges.map { ("Large change. ", $0.description) }
            + plan.heldDevices.map { ("Held. ", $0.description) }
            + plan.closedWindows.map { ("Window closed. ", $0.description) }
        for (kind, warning) in warnings {
            html.element("p", ["class": "warning", "role": "note"]) { html in
                html.element("strong", text: kind)
                html.text(warning)
            }
        }
    }

    private func writeTiles(_ html: inout HTMLWriter) {
        let exceptions = plan.exceptionReasons
        let tiles: [(String, Int, String)] =
            [("to change", summary.total, "change"), ("as desired", plan.convergedCount, "converged")]
            + exceptions.map { ($0.name, $0.count, "exception") }
            + [
                ("never seen", summary.neverSeen, "plain"), ("drifted", plan.drifts.count, "plain"),
                ("not in the YAML", plan.unmanaged.count, "plain"),
            ].filter { $0.1 > 0 }
        html.element("dl", ["class": "tiles"]) { html in
            for (name, count, kind) in tiles {
                html.element("div", ["class": "tile \(kind)"]) { html in
                    html.element("dt", text: name)
                    html.element("dd", text: count.grouped)
                }
            }
        }
    }

    private func writeListForm(_ html: inout HTMLWriter, _ list: PlanPageList) {
        html.element("section", ["aria-labelledby": "devices"]) { html in
            html.element("h2", ["id": "devices"], text: "Devices")
            if list.count < list.total {
                html.element(
                    "p", ["class": "warning", "role": "note"],
                    text: "\(counted(list.total - list.count, "device")) left out: this list holds "
                        + "\(list.count.grouped) of \(list.total.grouped). The numbers above count all; `profilectl plan --format json` lists all."
                )
            }
            html.element("noscript") { html in
                html.element(
                    "p", ["class": "warning"],
                    text:
                        "The list is shown by a script, which this browser does not run. The numbers above need none; "
                        + "`profilectl plan --all` lists every device as text.")
            }
            html.element("form", ["role": "search", "id": "search", "hidden": ""]) { html in
                html.element("label", ["class": "wide"]) { html in
                    html.text("Search")
                    html.startTag(
                        "input",
                        [
                            "type": "search", "id": "query", "autocomplete": "off", "spellcheck": "false",
                            "placeholder": "EID, ICCID, label, reason …", "aria-describedby": "count",
                        ])
                }
                writeSelect("Action", id: "kind", &html)
                writeSelect("Account", id: "account", &html)
            }
            html.element("p", ["id": "count", "role": "status"])
            html.element("div", ["id": "list"])
            html.element("button", ["type": "button", "id": "more", "hidden": ""])
        }
    }

    /// The choices are filled in by the script.
    private func writeSelect(_ label: String, id: String, _ html: inout HTMLWriter) {
        html.element("label") { html in
            html.text(label)
            html.element("select", ["id": id]) { $0.element("option", ["value": ""], text: "all") }
        }
    }
}
