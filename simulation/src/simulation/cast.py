"""Who is in the play and what they sell: 20 sellers of Bình Lư, one cooperative of Bản Bo, certified products."""

from __future__ import annotations

from dataclasses import dataclass

from chophien.catalog.v1 import seller_event_pb2 as seller
from chophien.common.v1 import common_pb2 as common

BINH_LU, BAN_BO = "03390", "03424"
HUBS = {
    "hub-lai-chau": ("Lai Châu · Tân Phong", 22.3860, 103.4700),
    "hub-sa-pa": ("Sa Pa", 22.3497, 103.8365),
    "hub-lao-cai": ("Lào Cai", 22.4989, 104.0107),
}
PASS_ROAD = "o-quy-ho"
PASS_POSITION = ("Đèo Ô Quy Hồ", 22.3540, 103.7760)
NOODLE_MAKERS = 14


@dataclass(frozen=True)
class Point:
    """A gate where parcels are collected."""

    id: str
    name: str
    commune: str
    hamlet: str
    latitude: float
    longitude: float
    contact: str


@dataclass(frozen=True)
class Seller:
    """Someone who sells; several may share a point."""

    id: str
    name: str
    kind: int
    point: Point


@dataclass(frozen=True)
class Product:
    """Something sold by the piece; `listed` False = certified, but withdrawn from sale before the day."""

    id: str
    seller: str
    name: str
    price_vnd: int
    weight_g: int
    size_cm: tuple[int, int, int]
    handling: tuple[int, ...] = ()
    ocop: tuple[int, int] | None = None
    listed: bool = True
    stock: int = 500


ZONE = Point("pp-binh-lu-zone", "Khu làng nghề miến dong Bình Lư", BINH_LU, "Vân Bình", 22.3317, 103.6189, "Vàng A Páo")
HAMLETS = (
    Point("pp-chu-va-12", "Cổng bản Chu Va 12", BINH_LU, "bản Chu Va 12", 22.3545, 103.6942, "Lò Thị Mây"),
    Point("pp-chu-va-6", "Nhà văn hoá bản Chu Va 6", BINH_LU, "bản Chu Va 6", 22.3468, 103.7201, "Giàng A Chu"),
    Point("pp-thac-tinh", "Bản Thác Tình", BINH_LU, "bản Thác Tình", 22.3742, 103.6310, "Tẩn Mỹ Dao"),
    Point("pp-na-don", "Bản Nà Đon", BINH_LU, "bản Nà Đon", 22.3205, 103.6040, "Vàng Văn Đơn"),
    Point("pp-toong-pan", "Bản Toong Pẳn", BINH_LU, "bản Toong Pẳn", 22.3402, 103.5985, "Lù Thị Hoa"),
    Point("pp-huoi-ke", "Bản Huổi Ke", BINH_LU, "bản Huổi Ke", 22.3610, 103.6760, "Phàn A Sìn"),
)
BAN_BO_GATE = Point("pp-ban-bo", "Hợp tác xã chè Bản Bo", BAN_BO, "bản Hợp Nhất", 22.2838, 103.6761, "Hoàng Thị Chè")

_MAKERS = (
    *("Vàng A Páo", "Lò Văn Miến", "Tẩn A Dong", "Giàng Thị Sợi", "Lù A Khoai", "Vàng Thị Ba", "Phàn A Tráng"),
    *("Hoàng Văn Bốn", "Lò Thị Năm", "Tẩn Thị Sáu", "Giàng A Bảy", "Lù Văn Tám", "Vàng A Chín", "Phàn Thị Mười"),
)
_HAMLET_NAMES = ("Chè Chu Va", "Mật ong Giàng A Chu", "Thổ cẩm Thác Tình", "Ớt Nà Đon", "Hương Toong Pẳn", "Huổi Ke")

SELLERS = (
    *(
        Seller(f"seller-{n:02}", f"Hộ miến dong {name}", seller.SELLER_KIND_HOUSEHOLD, ZONE)
        for n, name in enumerate(_MAKERS, 1)
    ),
    *(
        Seller(f"seller-{n:02}", name, seller.SELLER_KIND_HOUSEHOLD, point)
        for n, (name, point) in enumerate(zip(_HAMLET_NAMES, HAMLETS, strict=True), NOODLE_MAKERS + 1)
    ),
)
CONTROL_SELLER = Seller("seller-ban-bo", "Hợp tác xã chè Bản Bo", seller.SELLER_KIND_COOPERATIVE, BAN_BO_GATE)

_DRY, _JAR = (common.HANDLING_DRY_FOOD,), (common.HANDLING_FRAGILE, common.HANDLING_LIQUID)
_BAG, _SMALL, _FOLDED = (35, 20, 10), (20, 12, 8), (30, 25, 5)

OCOP_PRODUCTS = (
    Product("mien-soi-nho", "seller-01", "Miến dong Bình Lư sợi nhỏ 500 g", 60_000, 550, _BAG, _DRY, (3, 1)),
    Product("mien-soi-to", "seller-02", "Miến dong Bình Lư sợi to 500 g", 60_000, 550, _BAG, _DRY, (3, 1)),
    Product("mien-goi-qua", "seller-03", "Miến dong gói quà 1 kg", 125_000, 1_100, _BAG, _DRY, (3, 1)),
    Product("mien-nam-huong", "seller-04", "Miến dong nấm hương 500 g", 68_000, 570, _BAG, _DRY, (3, 1)),
    Product("che-shan", "seller-15", "Chè shan tuyết Chu Va 200 g", 72_000, 250, _SMALL, _DRY, (4, 2)),
    Product("mat-ong", "seller-16", "Mật ong hoa rừng 500 ml", 150_000, 900, _SMALL, _JAR, (3, 1)),
    Product("khan-tho-cam", "seller-17", "Khăn thổ cẩm Dao Thác Tình", 200_000, 300, _FOLDED, (), (3, 4)),
    Product("ot-muoi", "seller-18", "Ớt muối Nà Đon", 72_000, 400, _SMALL, _JAR, (3, 1)),
    Product("chan-tho-cam", "seller-17", "Chăn thổ cẩm Dao", 900_000, 2_000, (45, 35, 20), (), (3, 4), listed=False),
    Product("huong-tram", "seller-19", "Hương trầm Toong Pẳn", 50_000, 500, (45, 10, 10), (), (3, 4), listed=False),
    Product("bot-dong", "seller-05", "Bột dong riềng 1 kg", 45_000, 1_050, _BAG, _DRY, (3, 1), listed=False),
    Product("tra-thao-qua", "seller-20", "Trà thảo quả 100 g", 65_000, 150, _SMALL, _DRY, (3, 3), listed=False),
)
"""Twelve with a certificate; eight are on sale on the day."""

_PLAIN_MAKERS = tuple(f"seller-{n:02}" for n in range(5, NOODLE_MAKERS + 1))
PLAIN_PRODUCTS = (
    *(Product(f"mien-{s}", s, f"Miến dong nhà làm ({s[-2:]}) 500 g", 55_000, 550, _BAG, _DRY) for s in _PLAIN_MAKERS),
    Product("nhang-que", "seller-19", "Nhang quế bó nhỏ", 30_000, 300, (40, 8, 8)),
    Product("mang-kho", "seller-20", "Măng khô Huổi Ke 250 g", 90_000, 300, _BAG, _DRY),
)
"""Everyday goods, so that every seller of Bình Lư has something on sale."""

TILES = Product(
    "gach-60", "seller-20", "Thùng gạch 60×60, 4 viên", 250_000, 30_000, (62, 62, 6), (common.HANDLING_HEAVY,)
)
CONTROL_TEA = Product("che-ban-bo", "seller-ban-bo", "Chè xanh Bản Bo 200 g", 60_000, 250, _SMALL, _DRY)
LAST_CAKES = Product("banh-cuoi", "seller-ban-bo", "Bánh chè lam mẻ cuối", 40_000, 400, _SMALL, _DRY, stock=3)
"""Three pieces, wanted by more buyers than that."""

PRODUCTS = (*OCOP_PRODUCTS, *PLAIN_PRODUCTS, TILES, CONTROL_TEA, LAST_CAKES)

DESTINATIONS = ("10279", "10342", "10330", "10273", "02266", "02221", "24454", "24259", "24133", "02647")
"""Communes the buyers live in."""

SURNAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ")
GIVEN_NAMES = ("An", "Bình", "Châu", "Dung", "Giang", "Hạnh", "Khánh", "Lan", "Minh", "Ngọc", "Phúc", "Thảo", "Yến")
